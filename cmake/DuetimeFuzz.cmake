# SPDX-License-Identifier: MIT
# tests/fuzz/fuzz_<name>.c -> a libFuzzer program build/<preset>/fuzz/<name>, and a short run of it as CTest fuzz.<name>.
# clang only; everything is then compiled with coverage feedback. The targets' ordinary tests (tests/fuzz/test_*.c) need none
# of this. Second line as for tests: machines: sim (default) or none.

if(NOT DUETIME_FUZZ)
    return()
endif()
if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "DUETIME_FUZZ needs clang: libFuzzer is part of it")
endif()

file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.c)

foreach(source IN LISTS fuzz_sources)
    duetime_second_line(${source} line)
    duetime_option("${line}" machines sim machines)
    cmake_path(GET source STEM name)
    string(REGEX REPLACE "^fuzz_" "" name ${name})
    set(target fuzz.${name})
    add_executable(${target} ${source})
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz ENABLE_EXPORTS ON)
    target_link_libraries(${target} PRIVATE duetime::flags Threads::Threads m)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    if(machines STREQUAL none)
        duetime_link_towers(${target} ${source})
    else()
        duetime_link_machine(${target} sim ${source} "${line}")
    endif()
    if(BUILD_TESTING)
        # What it learns goes to the first directory, never into the source tree.
        set(learnt ${CMAKE_BINARY_DIR}/fuzz/corpus/${name})
        file(MAKE_DIRECTORY ${learnt})
        add_test(NAME ${target} COMMAND ${target} -runs=20000 -seed=1 -max_len=128 -print_final_stats=1
            ${learnt} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
        set_tests_properties(${target} PROPERTIES LABELS fuzz TIMEOUT 300 ENVIRONMENT "${test_environment}")
    endif()
endforeach()
