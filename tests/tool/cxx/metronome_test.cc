/* SPDX-License-Identifier: MIT */
/* metronome_test.cc - the driver's tests, with the whole of C++. */
#include <duetime/test.h>

#include "metronome.h"

#include <stdexcept>
#include <string>
#include <vector>

/* Loaded on processor 1, unloaded on processor 0 when the timer expires: KTM-005. */
DT_TEST(unload_races_dpc, .processors = 2, .strategy = "dfs:3")
{
    dt_driver *driver = nullptr;

    dt_join(dt_spawn(
        1, [](void *d) { *static_cast<dt_driver **>(d) = dt_driver_load(DriverEntry); }, &driver));
    dt_run_for(DT_MS(5));
    dt_driver_unload(driver);
}

DT_TEST(library, .processors = 1, .strategy = "dfs:0")
{
    std::vector<std::string> words{"a", "b"};

    try {
        words.at(2) += "c";
    } catch (const std::out_of_range &) {
        words.clear();
    }
    dt_expect(words.empty());
}
