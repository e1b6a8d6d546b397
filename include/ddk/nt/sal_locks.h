/* SPDX-License-Identifier: MIT */
/* Concurrency annotations. Lock expressions are kept as text; they may name parameters and need not be in scope. */
#pragma once

#define _Acquires_lock_(l) _DT_NOTE("_Acquires_lock_(" #l ")")
#define _Acquires_exclusive_lock_(l) _DT_NOTE("_Acquires_exclusive_lock_(" #l ")")
#define _Acquires_shared_lock_(l) _DT_NOTE("_Acquires_shared_lock_(" #l ")")
#define _Acquires_nonreentrant_lock_(l) _DT_NOTE("_Acquires_nonreentrant_lock_(" #l ")")
#define _Try_acquires_lock_(l) _DT_NOTE("_Acquires_lock_(" #l ")")
#define _Releases_lock_(l) _DT_NOTE("_Releases_lock_(" #l ")")
#define _Releases_exclusive_lock_(l) _DT_NOTE("_Releases_exclusive_lock_(" #l ")")
#define _Releases_shared_lock_(l) _DT_NOTE("_Releases_shared_lock_(" #l ")")
#define _Releases_nonreentrant_lock_(l) _DT_NOTE("_Releases_nonreentrant_lock_(" #l ")")
#define _Requires_lock_held_(l) _DT_NOTE("_Requires_lock_held_(" #l ")")
#define _Requires_exclusive_lock_held_(l) _DT_NOTE("_Requires_exclusive_lock_held_(" #l ")")
#define _Requires_shared_lock_held_(l) _DT_NOTE("_Requires_shared_lock_held_(" #l ")")
#define _Requires_lock_not_held_(l) _DT_NOTE("_Requires_lock_not_held_(" #l ")")
#define _Requires_no_locks_held_ _DT_NOTE("_Requires_no_locks_held_")
#define _Post_same_lock_(a, b) _DT_NOTE("_Post_same_lock_(" #a "," #b ")")
#define _Has_lock_kind_(k) _DT_NOTE("_Has_lock_kind_(" #k ")")
#define _Has_lock_level_(n) _DT_NOTE("_Has_lock_level_(" #n ")")
#define _Create_lock_level_(n) typedef int _dt_lock_level __attribute((unused))
#define _Lock_level_order_(a, b) typedef int _dt_lock_level __attribute((unused))
#define _Guarded_by_(l) _DT_NOTE("_Guarded_by_(" #l ")")
#define _Write_guarded_by_(l) _DT_NOTE("_Write_guarded_by_(" #l ")")
#define _Interlocked_ _DT_NOTE("_Interlocked_")
#define _Interlocked_operand_ _DT_NOTE("_Interlocked_operand_")
#define _Function_ignore_lock_checking_(l) _DT_NOTE("_Function_ignore_lock_checking_(" #l ")")
#define _Moves_lock_(a, b) _DT_NOTE("_Moves_lock_(" #a "," #b ")")
#define _Replaces_lock_(a, b) _DT_NOTE("_Replaces_lock_(" #a "," #b ")")
#define _Swaps_locks_(a, b) _DT_NOTE("_Swaps_locks_(" #a "," #b ")")
#define _Detaches_lock_(a, b) _DT_NOTE("_Detaches_lock_(" #a "," #b ")")
#define _No_competing_thread_ _DT_NOTE("_No_competing_thread_")

/* ---- statements: nothing to compile but for the analyzer ---------------------------------------------------------------------------- */
#define _No_competing_thread_begin_
#define _No_competing_thread_end_
#define _Benign_race_begin_
#define _Benign_race_end_
#if defined(__clang_analyzer__) && !defined(__cplusplus)
void __dt_assume_lock(const volatile void *lock, int held);
#define _Analysis_assume_lock_held_(l) __dt_assume_lock(&(l), 1)
#define _Analysis_assume_lock_not_held_(l) __dt_assume_lock(&(l), 0)
#else
#define _Analysis_assume_lock_held_(l)
#define _Analysis_assume_lock_not_held_(l)
#endif
#define _Analysis_assume_lock_acquired_(l) _Analysis_assume_lock_held_(l)
#define _Analysis_assume_lock_released_(l) _Analysis_assume_lock_not_held_(l)
#define _Analysis_assume_same_lock_(a, b)
#define _Analysis_suppress_lock_checking_(l)
#define _Analysis_assume_smart_lock_acquired_(l)
#define _Analysis_assume_smart_lock_released_(l)

/* ---- pseudo-locks: only ever spelled inside annotations ---------------------------------------------------------- */
#define _Global_cancel_spin_lock_ CancelSpinLock
#define _Global_critical_region_ CriticalRegion
#define _Global_priority_region_ PriorityRegion
#define _Global_interlock_ Interlock

/* ---- SAL 1 spellings --------------------------------------------------------------------------------------------- */
#define __guarded_by(l) _Guarded_by_(l)
#define __requires_lock_held(l) _Requires_lock_held_(l)
#define __requires_lock_not_held(l) _Requires_lock_not_held_(l)
#define __acquires_lock(l) _Acquires_lock_(l)
#define __releases_lock(l) _Releases_lock_(l)
#define __interlocked _Interlocked_
