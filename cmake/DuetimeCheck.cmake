# SPDX-License-Identifier: MIT
# The static checker: a plug-in for the analyzer of clang 14. Without clang's headers it is left out, and `duetime check`
# says so. Optimised in every preset, without sanitizers: it runs inside clang.

file(GLOB check_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/check/*.cc)
find_path(CLANG_PLUGIN_INCLUDE clang/StaticAnalyzer/Core/Checker.h PATHS /usr/lib/llvm-14/include NO_DEFAULT_PATH)
find_program(DUETIME_CLANG NAMES clang-14 clang)
option(DUETIME_CHECKER "build the static checker's plug-in: the presets debug and release do" OFF)

if(NOT DUETIME_CHECKER OR NOT CLANG_PLUGIN_INCLUDE)
    message(STATUS "duetime check: left out (libclang-14-dev is not installed, or DUETIME_CHECKER is off)")
    return()
endif()

enable_language(CXX)
add_library(duetime-check MODULE ${check_sources})
set_target_properties(duetime-check PROPERTIES PREFIX lib CXX_STANDARD 17 CXX_EXTENSIONS OFF
    INTERPROCEDURAL_OPTIMIZATION OFF)
target_precompile_headers(duetime-check PRIVATE ${PROJECT_SOURCE_DIR}/src/check/clang.h)
target_include_directories(duetime-check PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_include_directories(duetime-check SYSTEM PRIVATE ${CLANG_PLUGIN_INCLUDE})
target_compile_definitions(duetime-check PRIVATE _GNU_SOURCE __STDC_CONSTANT_MACROS __STDC_FORMAT_MACROS
    __STDC_LIMIT_MACROS)
target_compile_options(duetime-check PRIVATE -O1 -g0 -fno-rtti -fno-exceptions -fvisibility=hidden -Wall -Wextra
    -Wno-unused-parameter $<$<BOOL:${DUETIME_WERROR}>:-Werror>)
install(TARGETS duetime-check LIBRARY DESTINATION lib)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tests/check/ DESTINATION ${CMAKE_INSTALL_DATADIR}/duetime/check
    FILES_MATCHING PATTERN "dt_*.c")
