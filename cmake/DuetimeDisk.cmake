# SPDX-License-Identifier: MIT
# duetime-nbd.so: the nbdkit plug-in behind `duetime disk`. Not with sanitizers: nbdkit, which loads it, has none.

find_path(NBDKIT_INCLUDE nbdkit-plugin.h)
if(NBDKIT_INCLUDE AND TARGET duetime-rt AND NOT DUETIME_SANITIZE)
    file(GLOB disk_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/host/nbd/*.c)
    add_library(duetime-nbd MODULE ${disk_sources})
    set_target_properties(duetime-nbd PROPERTIES
        PREFIX "" BUILD_RPATH "$ORIGIN" BUILD_RPATH_USE_ORIGIN ON
        INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
    target_compile_definitions(duetime-nbd PRIVATE
        DUETIME_LIB_RT="libduetime-rt.so.${PROJECT_VERSION_MAJOR}")
    target_link_libraries(duetime-nbd PRIVATE duetime::flags duetime-rt Threads::Threads ${CMAKE_DL_LIBS})
    add_dependencies(duetime duetime-nbd)
endif()
