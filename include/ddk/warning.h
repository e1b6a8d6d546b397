/* SPDX-License-Identifier: MIT */
/* Settings of Microsoft's compiler; nothing to do here. */
#pragma once
