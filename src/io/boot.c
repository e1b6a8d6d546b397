/* SPDX-License-Identifier: MIT */
/* io/boot.c - the I/O manager before a run: counters back to zero, lists empty. */
#include "ex/crt.h"
#include "ex/locks.h"
#include "io/callback.h"
#include "io/priv.h"
#include "io/workitem.h"

void io_boot(void)
{
    ex_crt_boot();
    ex_locks_boot();
    ob_boot();
    io_work_boot();
    io_driver_boot();
    io_name_boot();
    io_named_boot();
    io_callback_boot();
    io_irp_boot();
    io_cancel_boot();
    io_timer_boot();
    io_remove_lock_boot();
    io_interrupt_boot();
}
