/* SPDX-License-Identifier: MIT */
/*
 * check/storport_text.cc - a StorPort miniport as a text: kernel routines it must not call (DT-S15), deprecated ones
 * (DT-S16), adapter control (DT-S17), message locks without per-message interrupts (DT-S07).
 */
#include "check/annot.h"
#include "check/visitor.h"

namespace dt {

namespace {

bool in(StringRef name, std::initializer_list<const char *> list)
{
    for (const char *one : list)
        if (name == one)
            return true;
    return false;
}

bool is_kernels(StringRef name)
{
    for (const char *prefix : {"Ke", "Ex", "Io", "Mm", "Ob", "Ps", "Zw"})
        if (name.startswith(prefix) && name.size() > 2 && isupper((unsigned char)name[2]))
            return !name.startswith("KeBugCheck") && !name.startswith("KeQuery") && !name.startswith("KeGetCurrent") &&
                   !name.startswith("ExUuid") && !name.startswith("KeMemoryBarrier");
    return false;
}

class Visitor : public FileVisitor {
  public:
    using FileVisitor::FileVisitor;
    bool              physical = false, per_message = false;
    bool              configures = false; /* the file sets InterruptSynchronizationMode, or could */
    bool              successful = false, version = false;
    const ReturnStmt *last = nullptr;    /* of this function */
    const CallExpr   *options = nullptr; /* StorPortInitializePerfOpts with a local of this function */
    std::vector<std::pair<const CallExpr *, const FunctionDecl *>> kernel_calls, message_locks;

    bool TraverseFunctionDecl(FunctionDecl *f) override
    {
        if (!is_users(sources(), f->getLocation()))
            return true;
        physical |= has_class(contract_of(f), "HW_FIND_ADAPTER");
        successful = version = false;
        options = nullptr;
        last = nullptr;
        bool go_on = FileVisitor::TraverseFunctionDecl(f);
        if (f->isThisDeclarationADefinition() && m.isInCodeFile(f->getLocation()))
            end_of(f);
        return go_on;
    }

    bool VisitCallExpr(CallExpr *e) override
    {
        StringRef name = callee_name(e);

        if (in(name, {"StorPortValidateRange", "StorPortCompleteRequest", "StorPortLogError"}))
            tell(S16, name + " is deprecated", e);
        if (name == "StorPortNotification" && e->getNumArgs())
            check_type(e);
        if (name == "StorPortInitializePerfOpts" && e->getNumArgs() > 2) {
            auto *v = dyn_cast_or_null<VarDecl>(named_object(e->getArg(2)));
            options = v && v->hasLocalStorage() && !v->getType()->isPointerType() && !has_version(v) ? e : options;
        } else if (!in(name, {"RtlZeroMemory", "memset", "StorPortMoveMemory"})) {
            for (const Expr *a : e->arguments()) /* a function that may set them */
                version |= a->getType().getAsString().find("PERF_CONFIGURATION_DATA") != std::string::npos;
        }
        if (name == "StorPortAcquireMSISpinLock")
            message_locks.push_back({e, inside});
        if (!name.empty() && !is_users(sources(), e->getDirectCallee()->getLocation()) && is_kernels(name) &&
            (is_users(sources(), sources().getSpellingLoc(e->getBeginLoc())) || is_kernels(macro_of(e))))
            kernel_calls.push_back({e, inside});
        return true;
    }

    bool VisitBinaryOperator(BinaryOperator *e) override
    {
        const ValueDecl *to = e->getOpcode() == BO_Assign ? named_object(e->getLHS()) : nullptr;
        const ValueDecl *value = to ? named_object(e->getRHS()) : nullptr;

        if (!to || !to->getIdentifier())
            return true;
        version |= to->getName() == "Version";
        configures |= to->getName() == "InterruptSynchronizationMode";
        if (to->getName() == "InterruptSynchronizationMode")
            per_message |= value && value->getName() == "InterruptSynchronizePerMessage";
        return true;
    }

    bool VisitReturnStmt(ReturnStmt *s) override
    {
        last = s;
        return true;
    }

    bool VisitDeclRefExpr(DeclRefExpr *e) override
    {
        successful |= e->getDecl()->getIdentifier() && e->getDecl()->getName() == "ScsiAdapterControlSuccess";
        return true;
    }

    void end(const TranslationUnitDecl *) override
    {
        for (auto &lock : message_locks)
            if (!per_message && configures)
                report_at(br, by, lock.second, S07,
                    "a message lock is acquired, but the adapter does not synchronize per message",
                    lock.first->getBeginLoc(), lock.first->getSourceRange());
        for (auto &call : kernel_calls)
            if (physical)
                report_at(br, by, call.second, S15,
                    call.first->getDirectCallee()->getName() +
                        " is called by a physical miniport: StorPort has its own",
                    call.first->getBeginLoc(), call.first->getSourceRange());
    }

  private:
    /* KeAcquireSpinLock, a macro of the headers. */
    StringRef macro_of(const CallExpr *e)
    {
        return Lexer::getImmediateMacroName(e->getBeginLoc(), sources(), m.getASTContext().getLangOpts());
    }

    /* An initializer that gives the first member, the version, a value. */
    bool has_version(const VarDecl *v)
    {
        auto            *list = dyn_cast_or_null<InitListExpr>(v->getInit());
        Expr::EvalResult first;

        if (!list)
            return v->hasInit();
        if (!list->getNumInits() || isa<ImplicitValueInitExpr>(list->getInit(0)))
            return false;
        return !list->getInit(0)->EvaluateAsInt(first, m.getASTContext()) || first.Val.getInt() != 0;
    }

    void check_type(const CallExpr *e)
    {
        const ValueDecl *d = named_object(e->getArg(0));
        StringRef        type = d && d->getIdentifier() ? d->getName() : StringRef();

        if (!type.empty() && isa<EnumConstantDecl>(d) &&
            !in(type, {"RequestComplete", "ResetDetected", "BusChangeDetected", "RequestTimerCall", "WMIEvent",
                          "WMIReregister", "LinkUp", "LinkDown", "QueryTickCount", "IoTargetRequestServiceTime",
                          "AsyncNotificationDetected", "BufferOverrunDetected", "TraceNotification",
                          "RequestDirectComplete", "EnablePassiveInitialization", "InitializeDpc", "IssueDpc",
                          "AcquireSpinLock", "ReleaseSpinLock", "StateChangeDetectedCall", "IoTargetRequestServiceTime",
                          "InitializeThreadedDpc", "MarkDumpMemory"}))
            tell(S16, "the notification " + type + " is not documented for miniports", e);
    }

    void end_of(const FunctionDecl *f)
    {
        const Contract &k = contract_of(f);

        if (options && !version)
            report_at(br, by, f, S18, "the performance options have no version and size", options->getBeginLoc(),
                options->getSourceRange());
        if (has_class(k, "HW_ADAPTER_CONTROL") && !successful)
            report_at(br, by, f, S17, "'" + f->getNameAsString() + "' never returns ScsiAdapterControlSuccess",
                last ? last->getBeginLoc() : f->getLocation());
    }
};

using StorTextChecker = FileChecker<Visitor>;

} // namespace

DT_CHECKER("storport_text", StorTextChecker);

} // namespace dt
