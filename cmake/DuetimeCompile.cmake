# SPDX-License-Identifier: MIT
# duetime::flags: how every source of ours is compiled. The NT data model (16-bit wchar_t, bit-fields as MSVC
# lays them out) holds for all of them, because kernel, drivers and tests share structures.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(LIBDW REQUIRED IMPORTED_TARGET libdw)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(SMARTCOLS REQUIRED IMPORTED_TARGET smartcols)
pkg_check_modules(LIBXML2 REQUIRED IMPORTED_TARGET libxml-2.0)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(duetime_flags INTERFACE)
add_library(duetime::flags ALIAS duetime_flags)

set(warnings
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wpointer-arith
    -Wwrite-strings -Wformat=2 -Wimplicit-fallthrough -Wno-multichar) # pool tags are 'fleS'
if(DUETIME_WERROR)
    list(APPEND warnings -Werror)
endif()

target_compile_options(duetime_flags INTERFACE
    $<$<COMPILE_LANGUAGE:C>:${warnings}>
    $<$<COMPILE_LANGUAGE:C>:-fshort-wchar -mms-bitfields -fno-strict-aliasing -fvisibility=hidden>
    -fno-omit-frame-pointer)
target_include_directories(duetime_flags INTERFACE
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/include/ddk)
target_compile_definitions(duetime_flags INTERFACE
    $<$<COMPILE_LANGUAGE:C>:_GNU_SOURCE> DUETIME_VERSION="${PROJECT_VERSION}")
target_link_options(duetime_flags INTERFACE -Wl,--as-needed -Wl,--build-id)

if(DUETIME_SANITIZE)
    target_compile_options(duetime_flags INTERFACE
        -fsanitize=${DUETIME_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(duetime_flags INTERFACE -fsanitize=${DUETIME_SANITIZE})
endif()

if(DUETIME_FUZZ)
    target_compile_options(duetime_flags INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(duetime_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(DUETIME_COVERAGE)
    target_compile_options(duetime_flags INTERFACE --coverage)
    target_link_options(duetime_flags INTERFACE --coverage)
endif()

if(DUETIME_LTO)
    include(CheckIPOSupported)
    check_ipo_supported(RESULT lto_works OUTPUT lto_output LANGUAGES C)
    if(lto_works)
        set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
    else()
        message(STATUS "LTO: not available with this compiler, building without")
    endif()
endif()

# duetime_second_line(<file> <out-var>): the words of the file's second line, in which tests and benchmarks say
# what they need, for example  /* machines: sim; links: shared; libs: ev event */
# A changed second line reconfigures the build.
function(duetime_second_line file out)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(STRINGS ${file} lines LIMIT_COUNT 2 ENCODING UTF-8)
    set(line "")
    list(LENGTH lines count)
    if(count GREATER 1)
        list(GET lines 1 line)
    endif()
    set(${out} "${line}" PARENT_SCOPE)
endfunction()

# duetime_option(<line> <key> <default> <out-var>): the list after "key:" in such a line.
function(duetime_option line key default out)
    set(value ${default})
    if(line MATCHES "[*; ]${key}: *([^;*]+)")
        string(STRIP "${CMAKE_MATCH_1}" value)
        string(REGEX REPLACE "[ ,]+" ";" value "${value}")
    endif()
    set(${out} "${value}" PARENT_SCOPE)
endfunction()

# duetime_links(<source> <line> <out-var>): what a test or benchmark is linked with. "links: shared" is the public library;
# with "links: objects" it sees hidden names. Default: objects when the source includes an internal header.
function(duetime_links source line out)
    file(STRINGS ${source} internal LIMIT_COUNT 1
        REGEX "^#include \"(base|mach|ke|ex|io|sp|hw|blk|ddi|host|observe|explore)/")
    set(links shared)
    if(internal)
        set(links objects)
    endif()
    duetime_option("${line}" links ${links} links)
    set(${out} ${links} PARENT_SCOPE)
endfunction()

# duetime_link_machine(<target> <machine> <source> <line>): link a test or benchmark with a machine.
function(duetime_link_machine target machine source line)
    duetime_links(${source} "${line}" links)
    string(TOUPPER ${machine} upper)
    target_compile_definitions(${target} PRIVATE MACH_${upper}=1)
    if(links STREQUAL "objects")
        target_link_libraries(${target} PRIVATE duetime-${machine}-objects)
    else()
        target_link_libraries(${target} PRIVATE duetime-${machine})
    endif()
endfunction()
