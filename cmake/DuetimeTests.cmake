# SPDX-License-Identifier: MIT
# tests/<folder>/test_<name>.c   -> a program per machine, CTest name <machine>.<folder>.<name>, labels <machine> <folder>
# tests/<folder>/test_<name>.sh  -> CTest name script.<folder>.<name>; DUETIME, DUETIME_BUILD and DUETIME_SOURCE are set
# tests/<folder>/test_<name>.py     (scripts run only where both machines are built)
# tests/<folder>/drv_<name>.c    -> a driver for tests, build/<preset>/drivers/<folder>_<name>.so, found through TEST_DRIVERS
#
# The second line of a C test may hold options, all optional:
#     /* machines: sim; links: shared; serial: yes; timeout: 300 */
# machines  sim, rt, both (default) or none: a pure unit test that links neither, only base/ and the tower (explore/,
#           observe/) whose headers it includes
# links     shared (the public library) or objects (sees hidden names). Default: objects when the test includes an
#           internal header ("ke/ke.h", ...), else shared, as a user's program would be
# serial    yes: nothing else runs beside it (tests of real time)
# timeout   seconds, default 120
#
# Exit code 77 means skipped.

if(NOT BUILD_TESTING)
    return()
endif()

set(test_environment
    "ASAN_OPTIONS=detect_stack_use_after_return=0:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=atexit_sleep_ms=0:halt_on_error=1:report_thread_leaks=0:second_deadlock_stack=1"
    "DUETIME=${CMAKE_BINARY_DIR}/bin/duetime"
    "DUETIME_BUILD=${CMAKE_BINARY_DIR}"
    "DUETIME_SANITIZE=${DUETIME_SANITIZE}"
    "DUETIME_SOURCE=${PROJECT_SOURCE_DIR}"
    "CC=${CMAKE_C_COMPILER}")

find_library(CMOCKA_LIBRARY cmocka REQUIRED)
file(GLOB test_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*/test_*.c)
file(GLOB test_scripts CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/tests/*/test_*.sh ${PROJECT_SOURCE_DIR}/tests/*/test_*.py)
file(GLOB test_drivers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*/drv_*.c)

function(duetime_test_name source folder_out name_out)
    cmake_path(GET source PARENT_PATH parent)
    cmake_path(GET parent FILENAME folder)
    cmake_path(GET source STEM name)
    string(REGEX REPLACE "^(test|drv)_" "" name ${name})
    set(${folder_out} ${folder} PARENT_SCOPE)
    set(${name_out} ${name} PARENT_SCOPE)
endfunction()

# Links a test of a tower with that tower and base/, which must not need more than each other. They are archives, so
# that a test may also include the sources (.c) themselves: then nothing is taken from the archive.
function(duetime_link_towers target source)
    foreach(tower explore observe base)
        set(headers ${tower})
        if(tower STREQUAL base)
            set(headers "base|explore|observe")
        endif()
        file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${tower}/*.c)
        file(STRINGS ${source} included LIMIT_COUNT 1 REGEX "^#include \"(${headers})/")
        if(sources AND included)
            if(NOT TARGET duetime-${tower}-only)
                add_library(duetime-${tower}-only STATIC EXCLUDE_FROM_ALL ${sources})
                target_link_libraries(duetime-${tower}-only PUBLIC duetime::flags PkgConfig::XXHASH m)
            endif()
            target_link_libraries(${target} PRIVATE duetime-${tower}-only)
        endif()
    endforeach()
endfunction()

# What needs no hidden name knows no machine: it is compiled once, and linked with either library.
function(duetime_test_objects source name machine line out)
    duetime_links(${source} "${line}" links)
    set(${out} ${source} PARENT_SCOPE)
    if(machine STREQUAL none OR links STREQUAL "objects")
        return()
    endif()
    set(target test.${name})
    if(NOT TARGET ${target})
        add_library(${target} OBJECT ${source})
        duetime_compile_test(${target})
    endif()
    set(${out} $<TARGET_OBJECTS:${target}> PARENT_SCOPE)
endfunction()

function(duetime_compile_test target)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PRIVATE TEST_DRIVERS="${CMAKE_BINARY_DIR}/drivers")
    target_link_libraries(${target} PRIVATE duetime::flags ${CMOCKA_LIBRARY} Threads::Threads m)
endfunction()

function(duetime_add_test machine source line)
    duetime_test_name(${source} folder name)
    set(target ${machine}.${folder}.${name})
    duetime_test_objects(${source} ${folder}.${name} ${machine} "${line}" compiled)
    add_executable(${target} ${compiled})
    set_target_properties(${target} PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests ENABLE_EXPORTS ON LINKER_LANGUAGE C)
    duetime_compile_test(${target})
    if(machine STREQUAL none)
        duetime_link_towers(${target} ${source})
    else()
        duetime_link_machine(${target} ${machine} ${source} "${line}")
    endif()
    duetime_option("${line}" timeout 120 timeout)
    duetime_option("${line}" serial OFF serial)
    add_test(NAME ${target} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
    set_tests_properties(${target} PROPERTIES
        LABELS "${machine};${folder}" TIMEOUT ${timeout} SKIP_RETURN_CODE 77
        RUN_SERIAL ${serial} ENVIRONMENT "${test_environment}")
endfunction()

foreach(source IN LISTS test_sources)
    duetime_second_line(${source} line)
    duetime_option("${line}" machines "sim;rt" machines)
    if(machines STREQUAL both)
        set(machines sim rt)
    endif()
    foreach(machine IN LISTS machines)
        if(machine STREQUAL none OR TARGET duetime-${machine})
            duetime_add_test(${machine} ${source} "${line}")
        endif()
    endforeach()
endforeach()

# A driver is a shared object whose NT names stay undefined until a machine library is there.
foreach(source IN LISTS test_drivers)
    duetime_test_name(${source} folder name)
    set(target drv.${folder}.${name})
    add_library(${target} MODULE ${source})
    set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${folder}_${name}
        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/drivers)
    target_link_libraries(${target} PRIVATE duetime::flags)
endforeach()

function(duetime_add_script name command)
    add_test(NAME script.${name} COMMAND ${command} ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(script.${name} PROPERTIES
        LABELS script TIMEOUT 300 SKIP_RETURN_CODE 77 ENVIRONMENT "${test_environment}")
endfunction()

# A script with the line `# once: yes` shows what does not depend on how the product is built: one preset runs it.
if(TARGET duetime-sim AND TARGET duetime-rt)
    foreach(source IN LISTS test_scripts)
        file(STRINGS ${source} once LIMIT_COUNT 1 REGEX "^# once: yes$")
        if(DUETIME_TIDY OR NOT once)
            duetime_test_name(${source} folder name)
            duetime_add_script(${folder}.${name} ${source})
        endif()
    endforeach()
endif()

if(DUETIME_TIDY)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
    foreach(rule includes spdx banned length dead paths todo whitespace format)
        duetime_add_script(tidy.${rule}
            ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/tidy.py --rule ${rule})
    endforeach()
    foreach(machine IN LISTS DUETIME_MACHINES)
        if(TARGET duetime-${machine})
            duetime_add_script(tidy.floors-${machine} ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/floors.py
                --objects ${CMAKE_BINARY_DIR}/CMakeFiles/duetime-${machine}-objects.dir/src
                --library $<TARGET_FILE:duetime-${machine}>)
        endif()
    endforeach()
endif()
