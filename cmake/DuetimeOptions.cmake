# SPDX-License-Identifier: MIT
# What a build can be told. The presets in CMakePresets.json set these; defaults suit a packager.

set(DUETIME_MACHINES "sim;rt" CACHE STRING "machines to build: sim, rt or both")
option(DUETIME_WERROR "warnings are errors" OFF)
option(DUETIME_LTO "link-time optimisation" OFF)
option(DUETIME_COVERAGE "gcov instrumentation" OFF)
option(DUETIME_TIDY "run the tidy and floor rules as tests (needs an unsanitised -O0 build)" OFF)
option(DUETIME_FUZZ "fuzz targets (clang only)" OFF)
set(DUETIME_SANITIZE "" CACHE STRING "value of -fsanitize=, empty for none")

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

foreach(machine IN LISTS DUETIME_MACHINES)
    if(NOT machine MATCHES "^(sim|rt)$")
        message(FATAL_ERROR "DUETIME_MACHINES: '${machine}' is neither sim nor rt")
    endif()
endforeach()

# Our own assertions stay in release, so NDEBUG is never defined; -g always, for reports name source lines.
if(DUETIME_SANITIZE)
    set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
else()
    set(CMAKE_C_FLAGS_DEBUG "-O0 -g")
endif()
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g")
set(CMAKE_ASM_FLAGS_DEBUG "-g")
set(CMAKE_ASM_FLAGS_RELEASE "-g")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# One layout in the build tree and after installation: bin/ lib/ include/ side by side, so that the
# command finds its machine libraries and headers relative to itself in both.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(DUETIME_DDK_INSTALL_DIR ${CMAKE_INSTALL_INCLUDEDIR}/duetime-ddk)
