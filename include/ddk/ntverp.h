/* SPDX-License-Identifier: MIT */
/* Product version, for resource files that drivers include by mistake. */
#pragma once

#define VER_PRODUCTBUILD 26100
#define VER_PRODUCTBUILD_QFE 1
