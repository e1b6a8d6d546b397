# SPDX-License-Identifier: MIT
# The `duetime` command. It links neither machine: it opens one of the two by soname, which its run path finds,
# and the DDK headers by a path relative to its own directory.

file(GLOB tool_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/tool/*.c)

# The build tree's bin/../include mirrors what is installed beside bin/.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/ddk ${CMAKE_BINARY_DIR}/include/duetime-ddk SYMBOLIC)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/share/duetime)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/tests/check ${CMAKE_BINARY_DIR}/share/duetime/check SYMBOLIC)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/duetime ${CMAKE_BINARY_DIR}/include/duetime SYMBOLIC)

if(tool_sources)
    add_executable(duetime ${tool_sources})
    target_compile_definitions(duetime PRIVATE
        DUETIME_LIB_SIM="libduetime-sim.so.${PROJECT_VERSION_MAJOR}"
        DUETIME_LIB_RT="libduetime-rt.so.${PROJECT_VERSION_MAJOR}"
        DUETIME_CHECK_RELATIVE="../lib/libduetime-check.so" DUETIME_CLANG="clang-14"
        DUETIME_INCLUDE_RELATIVE="../include" DUETIME_DDK_RELATIVE="../include/duetime-ddk"
        DUETIME_SANITIZE="${DUETIME_SANITIZE}")
    target_link_libraries(duetime PRIVATE duetime::flags
        PkgConfig::JANSSON PkgConfig::SMARTCOLS PkgConfig::LIBXML2 ${CMAKE_DL_LIBS} Threads::Threads)
    # DT_RPATH, not DT_RUNPATH: under ASan it is libasan that calls dlopen, and only DT_RPATH of the program
    # counts for loads by others.
    target_link_options(duetime PRIVATE -Wl,--disable-new-dtags)
    set_target_properties(duetime PROPERTIES
        BUILD_RPATH "$ORIGIN/../lib" BUILD_RPATH_USE_ORIGIN ON
        INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
    foreach(machine IN LISTS DUETIME_MACHINES)
        if(TARGET duetime-${machine})
            add_dependencies(duetime duetime-${machine})
        endif()
    endforeach()
else()
    message(STATUS "duetime: no sources yet")
endif()
