# SPDX-License-Identifier: MIT
# Installed: bin/duetime, the machine libraries, include/duetime (embedding API), include/duetime-ddk (a driver's
# headers, kept off the default include path), a CMake package and one pkg-config file per machine.

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Duetime)

install(DIRECTORY include/duetime/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/duetime)
install(DIRECTORY include/ddk/ DESTINATION ${DUETIME_DDK_INSTALL_DIR})
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(TARGET duetime)
    install(TARGETS duetime)
endif()
if(TARGET duetime-nbd)
    install(TARGETS duetime-nbd LIBRARY DESTINATION lib) # where bin/duetime looks
endif()

set(pc_sim duetime.pc)
set(pc_rt duetime-rt.pc)
set(installed "")
# Relative, so that an installed tree may be moved.
file(RELATIVE_PATH pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
foreach(machine IN LISTS DUETIME_MACHINES)
    if(TARGET duetime-${machine})
        list(APPEND installed duetime-${machine})
        configure_file(cmake/duetime.pc.in ${CMAKE_BINARY_DIR}/${pc_${machine}} @ONLY)
        install(FILES ${CMAKE_BINARY_DIR}/${pc_${machine}} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
    endif()
endforeach()

if(installed)
    install(TARGETS ${installed} EXPORT Duetime)
    install(EXPORT Duetime NAMESPACE Duetime:: DESTINATION ${package_dir} FILE DuetimeTargets.cmake)
    configure_package_config_file(cmake/DuetimeConfig.cmake.in ${CMAKE_BINARY_DIR}/DuetimeConfig.cmake
        INSTALL_DESTINATION ${package_dir})
    write_basic_package_version_file(${CMAKE_BINARY_DIR}/DuetimeConfigVersion.cmake
        COMPATIBILITY SameMinorVersion)
    install(FILES ${CMAKE_BINARY_DIR}/DuetimeConfig.cmake ${CMAKE_BINARY_DIR}/DuetimeConfigVersion.cmake
        DESTINATION ${package_dir})
endif()
