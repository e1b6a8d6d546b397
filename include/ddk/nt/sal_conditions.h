/* SPDX-License-Identifier: MIT */
/* Annotations about a function as a whole, results, conditions and values. */
#pragma once

/* ---- conditions and scopes --------------------------------------------------------------------------------------- */
#define _When_(c, ...) _DT_SCOPE("_When_(" #c ")", __VA_ARGS__)
#define _At_(target, ...) _DT_SCOPE("_At_(" #target ")", __VA_ARGS__)
#define _At_buffer_(target, i, n, ...) _DT_SCOPE("_At_buffer_(" #target "," #i "," #n ")", __VA_ARGS__)
#define _Group_(...) _DT_SCOPE("_Group_", __VA_ARGS__)
#define _On_failure_(...) _DT_SCOPE("_On_failure_", __VA_ARGS__)
#define _Always_(...) _DT_SCOPE("_Always_", __VA_ARGS__)
#define _Success_(e) _DT_NOTE("_Success_(" #e ")")
#define _Return_type_success_(e) _DT_NOTE("_Return_type_success_(" #e ")")
#define _Pre_ _DT_NOTE("_Pre_")
#define _Post_ _DT_NOTE("_Post_")
#define _Deref_ _DT_NOTE("_Deref_")
#define _Notref_

/* ---- result and value -------------------------------------------------------------------------------------------- */
#define _Check_return_ _DT_NOTE("_Check_return_")
#define _Check_return_opt_
#define _Must_inspect_result_ _DT_NOTE("_Must_inspect_result_")
#define _Satisfies_(e) _DT_NOTE("_Satisfies_(" #e ")")
#define _Pre_satisfies_(e) _DT_NOTE("_Pre_satisfies_(" #e ")")
#define _Post_satisfies_(e) _DT_NOTE("_Post_satisfies_(" #e ")")
#define _Pre_equal_to_(e)
#define _Post_equal_to_(e)
#define _In_range_(a, b)
#define _Out_range_(a, b)
#define _Ret_range_(a, b)
#define _Deref_in_range_(a, b)
#define _Deref_out_range_(a, b)
#define _Deref_ret_range_(a, b)
#define _Deref_inout_range_(a, b)
#define _Field_range_(a, b)
#define _Struct_size_bytes_(n)
#define _Enum_is_bitflag_
#define _Strict_type_match_ _DT_NOTE("_Strict_type_match_")
#define _Literal_ _DT_NOTE("_Literal_")
#define _Notliteral_
#define _Const_
#define _Points_to_data_
#define _Reserved_ _DT_NOTE("_Reserved_")
#define _Raises_SEH_exception_ _DT_NOTE("_Raises_SEH_exception_")
#define _Maybe_raises_SEH_exception_ _DT_NOTE("_Maybe_raises_SEH_exception_")
#define _Use_decl_annotations_ _DT_NOTE("_Use_decl_annotations_")
#define _Printf_format_string_
#define _Scanf_format_string_
#define _Scanf_s_format_string_
#define _Printf_format_string_params_(x)
#define _Scanf_format_string_params_(x)
#define _Scanf_s_format_string_params_(x)
#define _Function_class_(name) _DT_NOTE("_Function_class_(" #name ")")
#define _Called_from_function_class_(name) (_called_from_function_class(#name))
#define _Inexpressible_(e) 0
#define _Old_(e) e
#define _Curr_ _curr
#define _Param_(n) _param_##n
#define _String_length_(p) p
#define _Nullterm_length_ 0
#define _Allocator_
#define _No_SAL_annotation_

/* ---- statements -------------------------------------------------------------------------------------------------- */
/* Calls of marked empty functions in check mode would cost type checking of expressions the compiler cannot parse
 * (_Inexpressible_, _Old_), so statements are dropped except under clang's analyzer, where e is assumed. */
#if defined(__clang_analyzer__) && !defined(__cplusplus)
#define _Analysis_assume_(e) ((void)((e) ? 0 : (__builtin_unreachable(), 0)))
#define __analysis_assume(e) _Analysis_assume_(e)
#else
#define _Analysis_assume_(e) ((void)0)
#define __analysis_assume(e) ((void)0)
#endif
#define __analysis_assert(e) ((void)0)
#define __analysis_noreturn
#define __analysis_hint(h)
#define __analysis_suppress(n)
#define _Analysis_noreturn_
#define _Analysis_hint_(h)
#define _Analysis_assume_nullterminated_(p) ((void)0)
#define _Analysis_assume_section_locked_(n)
#define _Analysis_assume_section_unlocked_(n)
#define _Analysis_mode_(m) typedef int _dt_analysis_mode __attribute((unused));
#define _Analysis_code_type_(t)
