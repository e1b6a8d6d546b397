/* SPDX-License-Identifier: MIT */
/* Buffer, pointer, result and field annotations. Only direction and nullness survive, see sal.h. */
#pragma once

/* ---- parameters -------------------------------------------------------------------------------------------------- */
#define _In_ _DT_NOTE("_In_")
#define _In_opt_ _DT_NOTE("_In_opt_")
#define _Out_ _DT_NOTE("_Out_")
#define _Out_opt_ _DT_NOTE("_Out_opt_")
#define _Inout_ _DT_NOTE("_Inout_")
#define _Inout_opt_ _DT_NOTE("_Inout_opt_")
#define _In_z_ _In_
#define _In_opt_z_ _In_opt_
#define _Inout_z_ _Inout_
#define _Inout_opt_z_ _Inout_opt_
#define _In_bound_ _In_
#define _In_function_class_(x) _DT_NOTE("_Function_class_(" #x ")")
#define _In_reads_(n) _In_
#define _In_reads_opt_(n) _In_opt_
#define _In_reads_bytes_(n) _In_
#define _In_reads_bytes_opt_(n) _In_opt_
#define _In_reads_z_(n) _In_
#define _In_reads_opt_z_(n) _In_opt_
#define _In_reads_or_z_(n) _In_
#define _In_reads_opt_or_z_(n) _In_opt_
#define _In_reads_or_z_opt_(n) _In_opt_
#define _In_reads_to_ptr_(p) _In_
#define _In_reads_to_ptr_opt_(p) _In_opt_
#define _In_reads_to_ptr_z_(p) _In_
#define _In_reads_to_ptr_opt_z_(p) _In_opt_
#define _Out_writes_(n) _Out_
#define _Out_writes_opt_(n) _Out_opt_
#define _Out_writes_bytes_(n) _Out_
#define _Out_writes_bytes_opt_(n) _Out_opt_
#define _Out_writes_z_(n) _Out_
#define _Out_writes_opt_z_(n) _Out_opt_
#define _Out_writes_to_(n, c) _Out_
#define _Out_writes_to_opt_(n, c) _Out_opt_
#define _Out_writes_all_(n) _Out_
#define _Out_writes_all_opt_(n) _Out_opt_
#define _Out_writes_bytes_to_(n, c) _Out_
#define _Out_writes_bytes_to_opt_(n, c) _Out_opt_
#define _Out_writes_bytes_all_(n) _Out_
#define _Out_writes_bytes_all_opt_(n) _Out_opt_
#define _Inout_updates_(n) _Inout_
#define _Inout_updates_opt_(n) _Inout_opt_
#define _Inout_updates_bytes_(n) _Inout_
#define _Inout_updates_bytes_opt_(n) _Inout_opt_
#define _Inout_updates_z_(n) _Inout_
#define _Inout_updates_opt_z_(n) _Inout_opt_
#define _Inout_updates_to_(n, c) _Inout_
#define _Inout_updates_to_opt_(n, c) _Inout_opt_
#define _Inout_updates_all_(n) _Inout_
#define _Inout_updates_all_opt_(n) _Inout_opt_
#define _Inout_updates_bytes_to_(n, c) _Inout_
#define _Inout_updates_bytes_to_opt_(n, c) _Inout_opt_
#define _Inout_updates_bytes_all_(n) _Inout_
#define _Inout_updates_bytes_all_opt_(n) _Inout_opt_
#define _Out_writes_to_ptr_(p) _Out_
#define _Out_writes_to_ptr_z_(p) _Out_
#define _Out_writes_to_ptr_opt_(p) _Out_opt_
#define _Out_writes_to_ptr_opt_z_(p) _Out_opt_

/* ---- pointers returned through a parameter ----------------------------------------------------------------------- */
#define _Outptr_ _Out_
#define _Outptr_result_maybenull_ _Out_
#define _Outptr_result_z_ _Out_
#define _Outptr_result_maybenull_z_ _Out_
#define _Outptr_result_nullonfailure_ _Out_
#define _Outptr_result_buffer_(n) _Out_
#define _Outptr_result_bytebuffer_(n) _Out_
#define _Outptr_result_buffer_maybenull_(n) _Out_
#define _Outptr_result_bytebuffer_maybenull_(n) _Out_
#define _Outptr_result_buffer_to_(n, c) _Out_
#define _Outptr_result_bytebuffer_to_(n, c) _Out_
#define _Outptr_opt_ _Out_opt_
#define _Outptr_opt_result_maybenull_ _Out_opt_
#define _Outptr_opt_result_z_ _Out_opt_
#define _Outptr_opt_result_maybenull_z_ _Out_opt_
#define _Outptr_opt_result_nullonfailure_ _Out_opt_
#define _Outptr_opt_result_buffer_(n) _Out_opt_
#define _Outptr_opt_result_bytebuffer_(n) _Out_opt_
#define _Outptr_opt_result_buffer_maybenull_(n) _Out_opt_
#define _Outptr_opt_result_bytebuffer_maybenull_(n) _Out_opt_
#define _Outptr_opt_result_buffer_to_(n, c) _Out_opt_
#define _Outptr_opt_result_bytebuffer_to_(n, c) _Out_opt_
#define _COM_Outptr_ _Out_
#define _COM_Outptr_result_maybenull_ _Out_
#define _COM_Outptr_opt_ _Out_opt_
#define _COM_Outptr_opt_result_maybenull_ _Out_opt_
#define _Result_nullonfailure_
#define _Result_zeroonfailure_
#define _Outref_ _Out_
#define _Outref_result_maybenull_ _Out_
#define _Outref_result_z_ _Out_
#define _Outref_result_nullonfailure_ _Out_
#define _Outref_result_buffer_(n) _Out_
#define _Outref_result_bytebuffer_(n) _Out_
#define _Outref_result_buffer_all_(n) _Out_
#define _Outref_result_bytebuffer_all_(n) _Out_
#define _Outref_result_buffer_maybenull_(n) _Out_
#define _Outref_result_bytebuffer_maybenull_(n) _Out_
#define _Outref_result_buffer_to_(n, c) _Out_
#define _Outref_result_bytebuffer_to_(n, c) _Out_

/* ---- results ----------------------------------------------------------------------------------------------------- */
#define _Ret_notnull_ _DT_NOTE("_Ret_notnull_")
#define _Ret_maybenull_ _DT_NOTE("_Ret_maybenull_")
#define _Ret_null_ _DT_NOTE("_Ret_null_")
#define _Ret_z_ _Ret_notnull_
#define _Ret_maybenull_z_ _Ret_maybenull_
#define _Ret_opt_ _Ret_maybenull_
#define _Ret_opt_z_ _Ret_maybenull_
#define _Ret_valid_
#define _Ret_writes_(n) _Ret_notnull_
#define _Ret_writes_z_(n) _Ret_notnull_
#define _Ret_writes_bytes_(n) _Ret_notnull_
#define _Ret_writes_maybenull_(n) _Ret_maybenull_
#define _Ret_writes_maybenull_z_(n) _Ret_maybenull_
#define _Ret_writes_bytes_maybenull_(n) _Ret_maybenull_
#define _Ret_writes_to_(n, c) _Ret_notnull_
#define _Ret_writes_bytes_to_(n, c) _Ret_notnull_
#define _Ret_writes_to_maybenull_(n, c) _Ret_maybenull_
#define _Ret_writes_bytes_to_maybenull_(n, c) _Ret_maybenull_

/* ---- states ------------------------------------------------------------------------------------------------------ */
#define _Notnull_ _DT_NOTE("_Notnull_")
#define _Maybenull_ _DT_NOTE("_Maybenull_")
#define _Null_ _DT_NOTE("_Null_")
#define _Pre_notnull_ _DT_NOTE("_Pre_notnull_")
#define _Pre_maybenull_ _DT_NOTE("_Pre_maybenull_")
#define _Pre_null_ _DT_NOTE("_Pre_null_")
#define _Pre_valid_
#define _Pre_invalid_
#define _Pre_z_
#define _Pre_opt_z_
#define _Pre_opt_valid_
#define _Pre_readable_
#define _Pre_writable_
#define _Pre_ptr_invalid_
#define _Pre_readable_size_(n)
#define _Pre_writable_size_(n)
#define _Pre_readable_byte_size_(n)
#define _Pre_writable_byte_size_(n)
#define _Pre_count_(n)
#define _Pre_bytecount_(n)
#define _Pre_cap_(n)
#define _Pre_bytecap_(n)
#define _Pre_opt_count_(n)
#define _Pre_opt_bytecount_(n)
#define _Post_notnull_ _DT_NOTE("_Post_notnull_")
#define _Post_maybenull_ _DT_NOTE("_Post_maybenull_")
#define _Post_null_ _DT_NOTE("_Post_null_")
#define _Post_valid_
#define _Post_invalid_
#define _Post_z_
#define _Post_opt_z_
#define _Post_opt_valid_
#define _Post_readable_
#define _Post_writable_
#define _Post_ptr_invalid_
#define _Post_readable_size_(n)
#define _Post_writable_size_(n)
#define _Post_readable_byte_size_(n)
#define _Post_writable_byte_size_(n)
#define _Post_count_(n)
#define _Post_bytecount_(n)
#define _Post_cap_(n)
#define _Post_bytecap_(n)
#define _Post_opt_count_(n)
#define _Post_opt_bytecount_(n)
#define _Valid_
#define _Notvalid_
#define _Frees_ptr_
#define _Frees_ptr_opt_
#define _Null_terminated_
#define _NullNull_terminated_
#define _Post_maybez_
#define _Deref_pre_readonly_
#define _Deref_post_opt_valid_
#define _Deref_post_valid_
#define _Deref_post_notnull_
#define _Deref_post_null_
#define _Deref_post_maybenull_
#define _Deref_post_z_
#define _Deref_pre_z_
#define _Deref_prepost_z_
#define _Deref_prepost_opt_z_
#define _Deref_opt_out_
#define _Deref_out_
#define _Deref_out_opt_
#define _Deref_out_z_
#define _Deref_out_opt_z_
#define _Deref_opt_out_opt_
#define _Deref_in_
#define _Deref_inout_
#define _Deref_pre_valid_
#define _Deref_opt_out_z_
#define _Deref_opt_out_opt_z_
#define _Deref_prepost_opt_valid_
#define _Readable_bytes_(n)
#define _Readable_elements_(n)
#define _Writable_bytes_(n)
#define _Writable_elements_(n)
#define _Deref_out_range_impl_(n)
#define _Deref_post_count_(n)
#define _Deref_post_bytecount_(n)
#define _Deref_pre_count_(n)
#define _Deref_pre_bytecount_(n)
#define _Deref_post_opt_count_(n)
#define _Deref_post_opt_bytecount_(n)

/* ---- fields ------------------------------------------------------------------------------------------------------ */
#define _Field_size_(n)
#define _Field_size_opt_(n)
#define _Field_size_bytes_(n)
#define _Field_size_bytes_opt_(n)
#define _Field_size_full_(n)
#define _Field_size_full_opt_(n)
#define _Field_size_bytes_full_(n)
#define _Field_size_bytes_full_opt_(n)
#define _Field_size_part_(n, c)
#define _Field_size_part_opt_(n, c)
#define _Field_size_bytes_part_(n, c)
#define _Field_size_bytes_part_opt_(n, c)
#define _Field_z_

/* ---- forms of the years between SAL 1 and SAL 2 ------------------------------------------------------------------ */
#define _In_count_(n) _In_
#define _Inout_count_(n) _Inout_
#define _In_bytecount_(n) _In_
#define _Inout_bytecount_(n) _Inout_
#define _In_opt_count_(n) _In_opt_
#define _Inout_opt_count_(n) _Inout_opt_
#define _In_opt_bytecount_(n) _In_opt_
#define _Inout_opt_bytecount_(n) _Inout_opt_
#define _In_count_c_(n) _In_
#define _Inout_count_c_(n) _Inout_
#define _In_bytecount_c_(n) _In_
#define _Inout_bytecount_c_(n) _Inout_
#define _In_z_count_(n) _In_
#define _Inout_z_count_(n) _Inout_
#define _In_z_bytecount_(n) _In_
#define _Inout_z_bytecount_(n) _Inout_
#define _In_count_x_(n) _In_
#define _Inout_count_x_(n) _Inout_
#define _In_bytecount_x_(n) _In_
#define _Inout_bytecount_x_(n) _Inout_
#define _In_opt_count_x_(n) _In_opt_
#define _Inout_opt_count_x_(n) _Inout_opt_
#define _In_opt_bytecount_x_(n) _In_opt_
#define _Inout_opt_bytecount_x_(n) _Inout_opt_
#define _In_opt_count_c_(n) _In_opt_
#define _Inout_opt_count_c_(n) _Inout_opt_
#define _In_opt_bytecount_c_(n) _In_opt_
#define _Inout_opt_bytecount_c_(n) _Inout_opt_
#define _Out_cap_(n) _Out_
#define _Inout_cap_(n) _Inout_
#define _Out_bytecap_(n) _Out_
#define _Inout_bytecap_(n) _Inout_
#define _Out_opt_cap_(n) _Out_opt_
#define _Inout_opt_cap_(n) _Inout_opt_
#define _Out_opt_bytecap_(n) _Out_opt_
#define _Inout_opt_bytecap_(n) _Inout_opt_
#define _Out_z_cap_(n) _Out_
#define _Inout_z_cap_(n) _Inout_
#define _Out_z_bytecap_(n) _Out_
#define _Inout_z_bytecap_(n) _Inout_
#define _Out_opt_z_cap_(n) _Out_opt_
#define _Inout_opt_z_cap_(n) _Inout_opt_
#define _Out_cap_c_(n) _Out_
#define _Inout_cap_c_(n) _Inout_
#define _Out_bytecap_c_(n) _Out_
#define _Inout_bytecap_c_(n) _Inout_
#define _Out_cap_x_(n) _Out_
#define _Inout_cap_x_(n) _Inout_
#define _Out_bytecap_x_(n) _Out_
#define _Inout_bytecap_x_(n) _Inout_
#define _Out_opt_bytecap_x_(n) _Out_opt_
#define _Inout_opt_bytecap_x_(n) _Inout_opt_
#define _Out_cap_post_count_(n, c) _Out_
#define _Out_bytecap_post_bytecount_(n, c) _Out_
#define _Out_opt_cap_post_count_(n, c) _Out_opt_
#define _Out_opt_bytecap_post_bytecount_(n, c) _Out_opt_
#define _Out_bytecap_x_post_bytecount_(n, c) _Out_
#define _Ret_count_(n)
#define _Ret_bytecount_(n)
#define _Ret_opt_count_(n)
#define _Ret_opt_bytecount_(n)
#define _Ret_cap_(n)
#define _Ret_bytecap_(n)
#define _Ret_opt_cap_(n)
#define _Ret_opt_bytecap_(n)
