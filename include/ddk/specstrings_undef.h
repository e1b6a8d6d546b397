/* SPDX-License-Identifier: MIT */
/* Nothing to undefine: the annotations stay. */
#pragma once
