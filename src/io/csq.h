/* SPDX-License-Identifier: MIT */
/* io/csq.h - cancel-safe queues. IRQL <= 2; full of the driver's callbacks. */
#pragma once

#include "ke/ke.h"

NTSTATUS io_csq_insert(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context, void *insert_context);
PIRP     io_csq_remove_next(PIO_CSQ csq, void *peek_context);
PIRP     io_csq_remove(PIO_CSQ csq, PIO_CSQ_IRP_CONTEXT context);
