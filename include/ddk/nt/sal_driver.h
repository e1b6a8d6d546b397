/* SPDX-License-Identifier: MIT */
/* Annotations that only drivers use: IRQL, kernel resources, dispatch types, and the SAL 1 `__drv_` spellings. */
#pragma once

/* ---- IRQL -------------------------------------------------------------------------------------------------------- */
#define _IRQL_requires_max_(l) _DT_NOTE("_IRQL_requires_max_(" #l ")")
#define _IRQL_requires_min_(l) _DT_NOTE("_IRQL_requires_min_(" #l ")")
#define _IRQL_requires_(l) _DT_NOTE("_IRQL_requires_(" #l ")")
#define _IRQL_raises_(l) _DT_NOTE("_IRQL_raises_(" #l ")")
#define _IRQL_requires_same_ _DT_NOTE("_IRQL_requires_same_")
#define _IRQL_saves_ _DT_NOTE("_IRQL_saves_")
#define _IRQL_restores_ _DT_NOTE("_IRQL_restores_")
#define _IRQL_saves_global_(kind, p) _DT_NOTE("_IRQL_saves_global_(" #kind "," #p ")")
#define _IRQL_restores_global_(kind, p) _DT_NOTE("_IRQL_restores_global_(" #kind "," #p ")")
#define _IRQL_always_function_max_(l) _DT_NOTE("_IRQL_always_function_max_(" #l ")")
#define _IRQL_always_function_min_(l) _DT_NOTE("_IRQL_always_function_min_(" #l ")")
#define _IRQL_uses_cancel_ _DT_NOTE("_IRQL_uses_cancel_")
#define _IRQL_is_cancel_ _DT_NOTE("_IRQL_is_cancel_")
#define _IRQL_inout_ _DT_NOTE("_IRQL_inout_")
#if defined(__clang_analyzer__) && !defined(__cplusplus)
void __dt_irql_limited_to(int level);
#define _IRQL_limited_to_(l) __dt_irql_limited_to(l) /* statement */
#else
#define _IRQL_limited_to_(l)
#endif

/* ---- kernel ------------------------------------------------------------------------------------------------------ */
#define _Kernel_float_saved_ _DT_NOTE("_Kernel_float_saved_")
#define _Kernel_float_restored_ _DT_NOTE("_Kernel_float_restored_")
#define _Kernel_float_used_ _DT_NOTE("_Kernel_float_used_")
#define _Kernel_clear_do_init_(yn) _DT_NOTE("_Kernel_clear_do_init_(" #yn ")")
#define _Kernel_IoGetDmaAdapter_ _DT_NOTE("_Kernel_IoGetDmaAdapter_")
#define _Kernel_acquires_resource_(k) _DT_NOTE("_Kernel_acquires_resource_(" #k ")")
#define _Kernel_releases_resource_(k) _DT_NOTE("_Kernel_releases_resource_(" #k ")")
#define _Kernel_requires_resource_held_(k) _DT_NOTE("_Kernel_requires_resource_held_(" #k ")")
#define _Kernel_requires_resource_not_held_(k) _DT_NOTE("_Kernel_requires_resource_not_held_(" #k ")")
#define _Dispatch_type_(t) _DT_NOTE("_Dispatch_type_(" #t ")")
#define _Flt_CompletionContext_Outptr_
#define _Flt_ConnectionCookie_Outptr_

/* ---- SAL 1: what the checker reads ------------------------------------------------------------------------------- */
#define __drv_maxIRQL(l) _DT_NOTE("_IRQL_requires_max_(" #l ")")
#define __drv_minIRQL(l) _DT_NOTE("_IRQL_requires_min_(" #l ")")
#define __drv_requiresIRQL(l) _DT_NOTE("_IRQL_requires_(" #l ")")
#define __drv_setsIRQL(l) _DT_NOTE("_IRQL_raises_(" #l ")")
#define __drv_raisesIRQL(l) _DT_NOTE("_IRQL_raises_(" #l ")")
#define __drv_maxFunctionIRQL(l) _DT_NOTE("_IRQL_always_function_max_(" #l ")")
#define __drv_minFunctionIRQL(l) _DT_NOTE("_IRQL_always_function_min_(" #l ")")
#define __drv_savesIRQL _IRQL_saves_
#define __drv_restoresIRQL _IRQL_restores_
#define __drv_savesIRQLGlobal(kind, p) _DT_NOTE("_IRQL_saves_global_(" #kind "," #p ")")
#define __drv_restoresIRQLGlobal(kind, p) _DT_NOTE("_IRQL_restores_global_(" #kind "," #p ")")
#define __drv_sameIRQL _IRQL_requires_same_
#define __drv_useCancelIRQL _IRQL_uses_cancel_
#define __drv_isCancelIRQL _IRQL_is_cancel_
#define __drv_functionClass(x) _DT_NOTE("_Function_class_(" #x ")")
#define __drv_dispatchType(x) _DT_NOTE("_Dispatch_type_(" #x ")")
#define __drv_dispatchType_other _DT_NOTE("_Dispatch_type_(-1)")
#define __drv_callbackType(k) _DT_NOTE("_Function_class_(" #k ")")
#define __drv_completionType(k)
#define __drv_clearDoInit(yn) _DT_NOTE("_Kernel_clear_do_init_(" #yn ")")
#define __drv_interlocked _Interlocked_operand_
#define __drv_floatSaved _Kernel_float_saved_
#define __drv_floatRestored _Kernel_float_restored_
#define __drv_floatUsed _Kernel_float_used_
#define __drv_IoGetDmaAdapter _Kernel_IoGetDmaAdapter_
#define __drv_when(c, ...) _When_(c, __VA_ARGS__)
#define __drv_at(e, ...) _At_(e, __VA_ARGS__)
#define __drv_arg(e, ...) _At_(e, __VA_ARGS__)
#define __drv_fun(...) __VA_ARGS__
#define __drv_ret(...) _At_(return, __VA_ARGS__)
#define __drv_strictTypeMatch(m) _Strict_type_match_
#define __drv_constant _Literal_

/* ---- SAL 1: resources -------------------------------------------------------------------------------------------- */
#define __drv_acquiresResource(k) _DT_NOTE("_Kernel_acquires_resource_(" #k ")")
#define __drv_releasesResource(k) _DT_NOTE("_Kernel_releases_resource_(" #k ")")
#define __drv_acquiresResourceExclusive(k) _DT_NOTE("_Kernel_acquires_resource_(" #k ")")
#define __drv_releasesResourceExclusive(k) _DT_NOTE("_Kernel_releases_resource_(" #k ")")
#define __drv_acquiresResourceGlobal(k, p) _DT_NOTE("_Acquires_lock_(" #p ")")
#define __drv_releasesResourceGlobal(k, p) _DT_NOTE("_Releases_lock_(" #p ")")
#define __drv_acquiresResourceExclusiveGlobal(k, p) _DT_NOTE("_Acquires_lock_(" #p ")")
#define __drv_releasesResourceExclusiveGlobal(k, p) _DT_NOTE("_Releases_lock_(" #p ")")
#define __drv_mustHold(k) _DT_NOTE("_Kernel_requires_resource_held_(" #k ")")
#define __drv_neverHold(k) _DT_NOTE("_Kernel_requires_resource_not_held_(" #k ")")
#define __drv_mustHoldGlobal(k, p) _DT_NOTE("_Requires_lock_held_(" #p ")")
#define __drv_neverHoldGlobal(k, p) _DT_NOTE("_Requires_lock_not_held_(" #p ")")
#define __drv_innerAcquiresGlobal(k, p)
#define __drv_innerReleasesGlobal(k, p)
#define __drv_innerMustHoldGlobal(k, p)
#define __drv_innerNeverHoldGlobal(k, p)
#define __drv_acquiresCancelSpinLock _DT_NOTE("_Acquires_lock_(_Global_cancel_spin_lock_)")
#define __drv_releasesCancelSpinLock _DT_NOTE("_Releases_lock_(_Global_cancel_spin_lock_)")
#define __drv_mustHoldCancelSpinLock _DT_NOTE("_Requires_lock_held_(_Global_cancel_spin_lock_)")
#define __drv_neverHoldCancelSpinLock _DT_NOTE("_Requires_lock_not_held_(_Global_cancel_spin_lock_)")
#define __drv_holdsCancelSpinLock() 0
#define __drv_acquiresCriticalRegion _DT_NOTE("_Acquires_lock_(_Global_critical_region_)")
#define __drv_releasesCriticalRegion _DT_NOTE("_Releases_lock_(_Global_critical_region_)")
#define __drv_mustHoldCriticalRegion _DT_NOTE("_Requires_lock_held_(_Global_critical_region_)")
#define __drv_neverHoldCriticalRegion _DT_NOTE("_Requires_lock_not_held_(_Global_critical_region_)")
#define __drv_holdsCriticalRegion() 0
#define __drv_acquiresPriorityRegion _DT_NOTE("_Acquires_lock_(_Global_priority_region_)")
#define __drv_releasesPriorityRegion _DT_NOTE("_Releases_lock_(_Global_priority_region_)")
#define __drv_mustHoldPriorityRegion _DT_NOTE("_Requires_lock_held_(_Global_priority_region_)")
#define __drv_neverHoldPriorityRegion _DT_NOTE("_Requires_lock_not_held_(_Global_priority_region_)")
#define __drv_holdsPriorityRegion() 0

/* ---- SAL 1: accepted, without use -------------------------------------------------------------------------------- */
#define __drv_allocatesMem(k)
#define __drv_freesMem(k)
#define __drv_aliasesMem
#define __drv_isAliased
#define __drv_in(...)
#define __drv_out(...)
#define __drv_in_deref(...)
#define __drv_out_deref(...)
#define __drv_deref(...)
#define __drv_valueIs(...)
#define __drv_strictType(t, m)
#define __drv_typeConst 0
#define __drv_typeCond 1
#define __drv_typeBitset 2
#define __drv_typeExpr 3
#define __drv_nonConstant
#define __drv_isObjectPointer
#define __drv_notPointer
#define __drv_formatString(k)
#define __drv_preferredFunction(f, why)
#define __drv_reportError(why)
#define __drv_error(why)
#define __drv_inTry
#define __drv_notInTry
#define __drv_unit(k)
#define __drv_notinCallback
#define __drv_Mode_impl(x)
#define __drv_unreferenced
#define __drv_declspec(x)
#define __drv_IRQL_is_const
#define __drv_nop(x) x
#define ___drv_unit_internal_kernel_driver
#define __in_data_source(x)
#define __out_data_source(x)
#define __kernel_entry
#define __gdi_entry
#define __callback
#define __fallthrough ((void)0)
#define _Post_defensive_
#define _Pre_defensive_

/* Rule sets of a file; used as a declaration followed by a semicolon. */
#define __kernel_code typedef int _dt_analysis_mode __attribute((unused))
#define __kernel_driver typedef int _dt_analysis_mode __attribute((unused))
#define __internal_kernel_driver typedef int _dt_analysis_mode __attribute((unused))
#define __user_code typedef int _dt_analysis_mode __attribute((unused))
#define __user_driver typedef int _dt_analysis_mode __attribute((unused))
#define __drv_WDM typedef int _dt_analysis_mode __attribute((unused))
#define __drv_KMDF typedef int _dt_analysis_mode __attribute((unused))
#define __drv_NDIS typedef int _dt_analysis_mode __attribute((unused))
