/* SPDX-License-Identifier: MIT */
#pragma once

struct state {
    int value;
    int array[3];
};
