# SPDX-License-Identifier: MIT
# bench/bench_<name>.c -> build/<preset>/bench/<name>-<machine>, run by `make bench`, never by ctest.
# Other bench/*.c are helpers linked into every benchmark. Second line as for tests; in addition
#     libs: ev event uv          peers to link
#     headers: boost/asio.hpp    peers that are headers only
# A benchmark whose peer is not installed is left out, and said so.
# machines: none means a peer alone.

file(GLOB bench_sources CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/bench/bench_*.c ${PROJECT_SOURCE_DIR}/bench/bench_*.cc)
file(GLOB bench_helpers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.c)
list(FILTER bench_helpers EXCLUDE REGEX "/bench_[^/]*$")
if(bench_sources MATCHES "[.]cc(;|$)")
    enable_language(CXX)
endif()
add_custom_target(benches)

function(duetime_bench_libs line out missing_out)
    duetime_option("${line}" libs "" names)
    set(found "")
    set(missing "")
    foreach(name IN LISTS names)
        find_library(BENCH_LIB_${name} ${name})
        if(BENCH_LIB_${name})
            list(APPEND found ${BENCH_LIB_${name}})
        else()
            list(APPEND missing ${name})
        endif()
    endforeach()
    duetime_option("${line}" headers "" names)
    foreach(name IN LISTS names)
        string(MAKE_C_IDENTIFIER ${name} id)
        find_path(BENCH_HEADER_${id} ${name})
        if(NOT BENCH_HEADER_${id})
            list(APPEND missing ${name})
        endif()
    endforeach()
    set(${out} "${found}" PARENT_SCOPE)
    set(${missing_out} "${missing}" PARENT_SCOPE)
endfunction()

function(duetime_add_bench machine source line)
    cmake_path(GET source STEM name)
    string(REGEX REPLACE "^bench_" "" name ${name})
    duetime_bench_libs("${line}" libs missing)
    if(missing)
        message(STATUS "bench ${name}: left out, not found: ${missing} (tools/setup.sh bench installs it)")
        return()
    endif()
    set(target bench.${machine}.${name})
    add_executable(${target} ${source} ${bench_helpers})
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME ${name}-${machine} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench ENABLE_EXPORTS ON)
    target_link_libraries(${target} PRIVATE duetime::flags ${libs} Threads::Threads m)
    add_dependencies(benches ${target})
    if(NOT machine STREQUAL none)
        duetime_link_machine(${target} ${machine} ${source} "${line}")
    endif()
endfunction()

foreach(source IN LISTS bench_sources)
    duetime_second_line(${source} line)
    duetime_option("${line}" machines "sim;rt" machines)
    foreach(machine IN LISTS machines)
        if(machine STREQUAL none OR TARGET duetime-${machine})
            duetime_add_bench(${machine} ${source} "${line}")
        endif()
    endforeach()
endforeach()
