/* SPDX-License-Identifier: MIT */
/* Evaluating ACPI methods: I/O controls of the ACPI driver, their buffers. */
#pragma once

#include <devioctl.h>
#include <ntdef.h>

#ifndef FILE_DEVICE_ACPI
#define FILE_DEVICE_ACPI 0x00000032
#endif

#define IOCTL_ACPI_ASYNC_EVAL_METHOD CTL_CODE(FILE_DEVICE_ACPI, 0, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
#define IOCTL_ACPI_EVAL_METHOD CTL_CODE(FILE_DEVICE_ACPI, 1, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)

/* Characters of a signature, the first one lowest in memory. */
#define ACPI_SIGNATURE_(a, b, c, d) ((ULONG)(a) | (ULONG)(b) << 8 | (ULONG)(c) << 16 | (ULONG)(d) << 24)

#define ACPI_EVAL_INPUT_BUFFER_SIGNATURE ACPI_SIGNATURE_('A', 'e', 'i', 'B')
#define ACPI_EVAL_INPUT_BUFFER_SIMPLE_INTEGER_SIGNATURE ACPI_SIGNATURE_('A', 'e', 'i', 'I')
#define ACPI_EVAL_INPUT_BUFFER_SIMPLE_STRING_SIGNATURE ACPI_SIGNATURE_('A', 'e', 'i', 'S')
#define ACPI_EVAL_INPUT_BUFFER_COMPLEX_SIGNATURE ACPI_SIGNATURE_('A', 'e', 'i', 'C')
#define ACPI_EVAL_OUTPUT_BUFFER_SIGNATURE ACPI_SIGNATURE_('A', 'e', 'o', 'B')

/* ---- arguments --------------------------------------------------------------------------------------------------- */
#define ACPI_METHOD_ARGUMENT_INTEGER 0x0
#define ACPI_METHOD_ARGUMENT_STRING 0x1
#define ACPI_METHOD_ARGUMENT_BUFFER 0x2
#define ACPI_METHOD_ARGUMENT_PACKAGE 0x3
#define ACPI_METHOD_ARGUMENT_PACKAGE_EX 0x4

typedef struct _ACPI_METHOD_ARGUMENT {
    USHORT Type;
    USHORT DataLength;
    union {
        ULONG Argument;
        UCHAR Data[ANYSIZE_ARRAY];
    };
} ACPI_METHOD_ARGUMENT, *PACPI_METHOD_ARGUMENT;

/* An argument with that many bytes of data: as long as one with an integer, at least. */
#define ACPI_METHOD_ARGUMENT_LENGTH(bytes) \
    (FIELD_OFFSET(ACPI_METHOD_ARGUMENT, Data) + ((bytes) > sizeof(ULONG) ? (bytes) : sizeof(ULONG)))
#define ACPI_METHOD_ARGUMENT_LENGTH_FROM_ARGUMENT(a) ACPI_METHOD_ARGUMENT_LENGTH(((PACPI_METHOD_ARGUMENT)(a))->DataLength)
#define ACPI_METHOD_NEXT_ARGUMENT(a) \
    ((PACPI_METHOD_ARGUMENT)((PUCHAR)(a) + ACPI_METHOD_ARGUMENT_LENGTH_FROM_ARGUMENT(a)))

#define ACPI_METHOD_SET_ARGUMENT_INTEGER(a, value)  \
    {                                               \
        (a)->Type = ACPI_METHOD_ARGUMENT_INTEGER;   \
        (a)->DataLength = sizeof(ULONG);            \
        (a)->Argument = (value);                    \
    }

#define ACPI_METHOD_SET_ARGUMENT_BUFFER(a, p, bytes)  \
    {                                                 \
        (a)->Type = ACPI_METHOD_ARGUMENT_BUFFER;      \
        (a)->DataLength = (bytes);                    \
        __builtin_memcpy((a)->Data, (p), (bytes));    \
    }

/* ---- input and output -------------------------------------------------------------------------------------------- */
#define ACPI_METHOD_NAME_      \
    union {                    \
        UCHAR MethodName[4];   \
        ULONG MethodNameAsUlong; \
    }

typedef struct _ACPI_EVAL_INPUT_BUFFER {
    ULONG Signature;
    ACPI_METHOD_NAME_;
} ACPI_EVAL_INPUT_BUFFER, *PACPI_EVAL_INPUT_BUFFER;

typedef struct _ACPI_EVAL_INPUT_BUFFER_SIMPLE_INTEGER {
    ULONG Signature;
    ACPI_METHOD_NAME_;
    ULONG IntegerArgument;
} ACPI_EVAL_INPUT_BUFFER_SIMPLE_INTEGER, *PACPI_EVAL_INPUT_BUFFER_SIMPLE_INTEGER;

typedef struct _ACPI_EVAL_INPUT_BUFFER_SIMPLE_STRING {
    ULONG Signature;
    ACPI_METHOD_NAME_;
    ULONG StringLength;
    UCHAR String[ANYSIZE_ARRAY];
} ACPI_EVAL_INPUT_BUFFER_SIMPLE_STRING, *PACPI_EVAL_INPUT_BUFFER_SIMPLE_STRING;

typedef struct _ACPI_EVAL_INPUT_BUFFER_COMPLEX {
    ULONG Signature;
    ACPI_METHOD_NAME_;
    ULONG Size;
    ULONG ArgumentCount;
    ACPI_METHOD_ARGUMENT Argument[ANYSIZE_ARRAY];
} ACPI_EVAL_INPUT_BUFFER_COMPLEX, *PACPI_EVAL_INPUT_BUFFER_COMPLEX;

typedef struct _ACPI_EVAL_OUTPUT_BUFFER {
    ULONG Signature;
    ULONG Length;
    ULONG Count;
    ACPI_METHOD_ARGUMENT Argument[ANYSIZE_ARRAY];
} ACPI_EVAL_OUTPUT_BUFFER, *PACPI_EVAL_OUTPUT_BUFFER;
