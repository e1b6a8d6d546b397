/* SPDX-License-Identifier: MIT */
/*
 * The spellings of SAL 1. Their names (`__in`, `__null`...) collide with some C++ library headers, so only driver builds
 * get them; a test program that includes such a driver header includes specstrings.h first.
 */
#pragma once

/* ---- SAL 1 ------------------------------------------------------------------------------------------------------- */
#define __in _In_
#define __in_opt _In_opt_
#define __in_ecount(n) _In_
#define __in_ecount_opt(n) _In_opt_
#define __in_bcount(n) _In_
#define __in_bcount_opt(n) _In_opt_
#define __in_ecount_z(n) _In_
#define __in_ecount_z_opt(n) _In_opt_
#define __in_bcount_z(n) _In_
#define __in_bcount_z_opt(n) _In_opt_
#define __in_ecount_nz(n) _In_
#define __in_ecount_nz_opt(n) _In_opt_
#define __in_bcount_nz(n) _In_
#define __in_bcount_nz_opt(n) _In_opt_
#define __in_xcount(n) _In_
#define __in_xcount_opt(n) _In_opt_
#define __in_z _In_
#define __in_z_opt _In_opt_
#define __out _Out_
#define __out_opt _Out_opt_
#define __out_ecount(n) _Out_
#define __out_ecount_opt(n) _Out_opt_
#define __out_bcount(n) _Out_
#define __out_bcount_opt(n) _Out_opt_
#define __out_ecount_z(n) _Out_
#define __out_ecount_z_opt(n) _Out_opt_
#define __out_bcount_z(n) _Out_
#define __out_bcount_z_opt(n) _Out_opt_
#define __out_ecount_nz(n) _Out_
#define __out_ecount_nz_opt(n) _Out_opt_
#define __out_bcount_nz(n) _Out_
#define __out_bcount_nz_opt(n) _Out_opt_
#define __out_xcount(n) _Out_
#define __out_xcount_opt(n) _Out_opt_
#define __out_z _Out_
#define __out_z_opt _Out_opt_
#define __out_ecount_part(n, c) _Out_
#define __out_ecount_part_opt(n, c) _Out_opt_
#define __out_bcount_part(n, c) _Out_
#define __out_bcount_part_opt(n, c) _Out_opt_
#define __out_ecount_full(n) _Out_
#define __out_ecount_full_opt(n) _Out_opt_
#define __out_bcount_full(n) _Out_
#define __out_bcount_full_opt(n) _Out_opt_
#define __inout _Inout_
#define __inout_opt _Inout_opt_
#define __inout_ecount(n) _Inout_
#define __inout_ecount_opt(n) _Inout_opt_
#define __inout_bcount(n) _Inout_
#define __inout_bcount_opt(n) _Inout_opt_
#define __inout_ecount_z(n) _Inout_
#define __inout_ecount_z_opt(n) _Inout_opt_
#define __inout_bcount_z(n) _Inout_
#define __inout_bcount_z_opt(n) _Inout_opt_
#define __inout_ecount_nz(n) _Inout_
#define __inout_ecount_nz_opt(n) _Inout_opt_
#define __inout_bcount_nz(n) _Inout_
#define __inout_bcount_nz_opt(n) _Inout_opt_
#define __inout_xcount(n) _Inout_
#define __inout_xcount_opt(n) _Inout_opt_
#define __inout_z _Inout_
#define __inout_z_opt _Inout_opt_
#define __inout_ecount_part(n, c) _Inout_
#define __inout_ecount_part_opt(n, c) _Inout_opt_
#define __inout_bcount_part(n, c) _Inout_
#define __inout_bcount_part_opt(n, c) _Inout_opt_
#define __inout_ecount_full(n) _Inout_
#define __inout_ecount_full_opt(n) _Inout_opt_
#define __inout_bcount_full(n) _Inout_
#define __inout_bcount_full_opt(n) _Inout_opt_
#define __deref_out
#define __deref_opt_out
#define __deref_inout
#define __deref_inout_opt
#define __deref_out_opt
#define __deref_opt_out_opt
#define __deref_out_z
#define __deref_in
#define __deref_in_opt
#define __deref_opt_inout
#define __deref_opt_in
#define __out_deref
#define __ecount_nz
#define __success_
#define __field_nullterminated
#define __deref_out_ecount(n)
#define __deref_out_bcount(n)
#define __deref_out_ecount_opt(n)
#define __deref_out_bcount_opt(n)
#define __deref_opt_out_ecount(n)
#define __deref_opt_out_bcount(n)
#define __deref_inout_bcount(n)
#define __deref_inout_ecount(n)
#define __deref_in_ecount(n)
#define __deref_in_bcount(n)
#define __deref_out_bcount_full(n)
#define __deref_out_ecount_full(n)
#define __ecount(n)
#define __bcount(n)
#define __ecount_opt(n)
#define __bcount_opt(n)
#define __ecount_part(n)
#define __bcount_full(n)
#define __xcount(n)
#define __field_ecount(n)
#define __field_bcount(n)
#define __field_ecount_opt(n)
#define __field_bcount_opt(n)
#define __field_xcount(n)
#define __field_data_source(n)
#define __struct_bcount(n)
#define __struct_xcount(n)
#define __deref_out_bcount_part(a, b)
#define __deref_out_ecount_part(a, b)
#define __field_ecount_part(a, b)
#define __field_bcount_part(a, b)
#define __out_range(a, b)
#define __in_range(a, b)
#define __field_range(a, b)
#define __deref_out_range(a, b)
#define __deref_in_range(a, b)
#define __range(a, b)
#define __reserved _Reserved_
#define __checkReturn _Check_return_
#define __notnull
#define __maybenull
#define __valid
#define __notvalid
#define __pre
#define __post
#define __deref
#define __refparam
#define __exceptthat
#define __inexpressible_readableTo
#define __format_string
#define __volatile
#define __nonvolatile
#define __possibly_notnullterminated
#define __override
#define __rpc__in
#define __encoded_pointer
#define __possibly_notnull
#define __readonly
#define __notreadonly
#define __maybereadonly
#define __useHeader
#define __success(x)
#define __on_failure(x)
#define __typefix(x)
#define __control_entrypoint(x)
#define __data_entrypoint(x)
#define __blocksOn(x)
#define __transfer(x)
#define __readableTo(x)
#define __writableTo(x)
#define __byte_readableTo(x)
#define __elem_readableTo(x)
#define __byte_writableTo(x)
#define __elem_writableTo(x)
#define __assume_bound(x)
#define __assume_validated(x)
#define __inner_control_entrypoint(x)
