# SPDX-License-Identifier: MIT
# libduetime-sim.so and libduetime-rt.so: the floors compiled once per machine.
#
# Each machine is an object library first. The shared library is what users link; a test that includes internal
# headers is linked with the objects instead, because internal names are hidden in the shared library.

set(floors base mach ke ex io sp hw blk ddi host observe explore)
set(floor_globs ${floors})
list(TRANSFORM floor_globs PREPEND ${PROJECT_SOURCE_DIR}/src/)
list(TRANSFORM floor_globs APPEND /*.c)
file(GLOB floor_sources CONFIGURE_DEPENDS ${floor_globs})

# This file defines names that gcc takes for its own as soon as any sanitizer is on; TSan keeps them.
if(DUETIME_SANITIZE AND NOT DUETIME_SANITIZE MATCHES thread)
    set_source_files_properties(${PROJECT_SOURCE_DIR}/src/mach/memaccess.c PROPERTIES
        COMPILE_OPTIONS -fno-sanitize=all)
endif()

function(duetime_add_machine machine)
    string(TOUPPER ${machine} upper)
    file(GLOB machine_sources CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/src/mach/${machine}/*.c ${PROJECT_SOURCE_DIR}/src/mach/${machine}/*.S)
    if(NOT floor_sources)
        message(STATUS "duetime-${machine}: no sources yet")
        return()
    endif()

    set(objects duetime-${machine}-objects)
    add_library(${objects} OBJECT ${floor_sources} ${machine_sources})
    target_compile_definitions(${objects} PUBLIC MACH_${upper}=1)
    target_link_libraries(${objects} PUBLIC duetime::flags
        PkgConfig::LIBDW PkgConfig::XXHASH PkgConfig::JANSSON ${CMAKE_DL_LIBS} m Threads::Threads)

    set(library duetime-${machine})
    add_library(${library} SHARED $<TARGET_OBJECTS:${objects}>)
    add_library(Duetime::${machine} ALIAS ${library})
    set_target_properties(${library} PROPERTIES
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} EXPORT_NAME ${machine} LINKER_LANGUAGE C)
    target_link_libraries(${library} PRIVATE duetime::flags
        PkgConfig::LIBDW PkgConfig::XXHASH PkgConfig::JANSSON ${CMAKE_DL_LIBS} m Threads::Threads)
    target_include_directories(${library} INTERFACE
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}> $<INSTALL_INTERFACE:${DUETIME_DDK_INSTALL_DIR}>)
    target_compile_options(${library} INTERFACE $<INSTALL_INTERFACE:-fshort-wchar>
        $<INSTALL_INTERFACE:-mms-bitfields>)
    if(NOT DUETIME_SANITIZE)
        # A sanitizer's runtime is resolved in the executable; else nothing may stay undefined.
        target_link_options(${library} PRIVATE -Wl,-z,defs)
    endif()
endfunction()

foreach(machine IN LISTS DUETIME_MACHINES)
    duetime_add_machine(${machine})
endforeach()

# Link-time optimization merges no assembler: routines.c names each routine without its type, exception.c is jumped to.
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/ddi/routines.c
    ${PROJECT_SOURCE_DIR}/src/ke/exception.c PROPERTIES COMPILE_OPTIONS -fno-lto)
