/* SPDX-License-Identifier: MIT */
/*
 * check/expr.cc - the expressions of annotations, which are kept as text: C without assignments, over parameters,
 * `return`, enumerators and macros. A recursive descent that computes with the analyzer's values; what it cannot read is
 * unknown, never wrong.
 */
#include "check/annot.h"

namespace dt {

namespace {

struct Typed {
    SVal     value = UnknownVal();
    QualType type;
    SVal     place = UnknownVal(); /* where it was loaded from */
};

class Parser {
  public:
    Parser(ASTContext &ast, const Preprocessor &pp, const Scope *s, StringRef text)
        : ast(ast), pp(pp), scope(s), text(text)
    {
    }

    Typed whole()
    {
        Typed t = binary(0);

        blank();
        if (!text.empty() || failed)
            return Typed();
        return t;
    }

    Typed member(const Typed &base, StringRef field);

  private:
    ASTContext         &ast;
    const Preprocessor &pp;
    const Scope        *scope;
    StringRef           text;
    bool                failed = false;
    unsigned            depth = 0;

    void blank()
    {
        text = text.ltrim();
    }

    bool accept(StringRef token)
    {
        blank();
        return text.consume_front(token);
    }

    Typed fail()
    {
        failed = true;
        text = "";
        return Typed();
    }

    SValBuilder &builder()
    {
        return scope->c.getSValBuilder();
    }

    Typed number(int64_t n)
    {
        static const int width = 64;
        Typed            t;

        t.type = ast.LongLongTy;
        t.value = scope ? SVal(builder().makeIntVal((uint64_t)n, ast.LongLongTy))
                        : SVal(nonloc::ConcreteInt(*new llvm::APSInt(llvm::APInt(width, (uint64_t)n, true), false)));
        return t;
    }

    llvm::Optional<int64_t> known(const Typed &t)
    {
        if (scope)
            return number_of(scope->state, t.value);
        auto i = t.value.getAs<nonloc::ConcreteInt>();
        if (i)
            return i->getValue().getExtValue();
        return llvm::None;
    }

    Truth true_or_not(const Typed &t)
    {
        if (auto n = known(t))
            return *n ? YES : NO;
        auto defined = t.value.getAs<DefinedOrUnknownSVal>();
        if (!scope || !defined || t.value.isUnknown())
            return MAYBE;
        ProgramStateRef yes, no;
        std::tie(yes, no) = scope->state->assume(*defined);
        return yes && no ? MAYBE : yes ? YES : NO;
    }

    Typed from(Truth t)
    {
        return t == MAYBE ? Typed() : number(t == YES);
    }

    Typed            binary(int level);
    Typed            combine(StringRef op, const Typed &a, const Typed &b);
    Typed            unary();
    Typed            postfix();
    Typed            primary();
    Typed            name(StringRef word);
    Typed            parameter(StringRef word);
    Typed            macro(StringRef word);
    Typed            call_of(StringRef word);
    bool             is_macro(StringRef word);
    const MacroInfo *macro_named(StringRef word);
    Typed            load(SVal place, QualType type);
    Typed            predicate(StringRef word);

    friend const MemRegion *dt::lvalue(const Scope &s, StringRef expression);
};

struct Operator {
    StringRef          token;
    int                level;
    BinaryOperatorKind kind;
};

/* Longer tokens first. */
const Operator operators[] = {{"||", 1, BO_LOr}, {"&&", 2, BO_LAnd}, {"==", 6, BO_EQ}, {"!=", 6, BO_NE},
    {"<=", 7, BO_LE}, {">=", 7, BO_GE}, {"<<", 8, BO_Shl}, {">>", 8, BO_Shr}, {"|", 3, BO_Or}, {"^", 4, BO_Xor},
    {"&", 5, BO_And}, {"<", 7, BO_LT}, {">", 7, BO_GT}, {"+", 9, BO_Add}, {"-", 9, BO_Sub}, {"*", 10, BO_Mul},
    {"/", 10, BO_Div}, {"%", 10, BO_Rem}};

const Operator *operator_at(StringRef text)
{
    for (const Operator &o : operators)
        if (text.startswith(o.token))
            return &o;
    return nullptr;
}

Typed Parser::combine(StringRef op, const Typed &a, const Typed &b)
{
    if (op == "&&" || op == "||") {
        Truth stop = op == "&&" ? NO : YES, x = true_or_not(a), y = true_or_not(b);
        return from(x == stop || y == stop ? stop : x == MAYBE || y == MAYBE ? MAYBE : x);
    }
    const Operator *o = operator_at(op);
    auto            x = known(a), y = known(b);

    if (x && y) {
        switch (o->kind) {
        case BO_EQ:
            return number(*x == *y);
        case BO_NE:
            return number(*x != *y);
        case BO_LE:
            return number(*x <= *y);
        case BO_GE:
            return number(*x >= *y);
        case BO_LT:
            return number(*x < *y);
        case BO_GT:
            return number(*x > *y);
        case BO_Shl:
            return number((int64_t)((uint64_t)*x << (*y & 63)));
        case BO_Shr:
            return number(*x >> (*y & 63));
        case BO_Or:
            return number(*x | *y);
        case BO_Xor:
            return number(*x ^ *y);
        case BO_And:
            return number(*x & *y);
        case BO_Add:
            return number(*x + *y);
        case BO_Sub:
            return number(*x - *y);
        case BO_Mul:
            return number(*x * *y);
        case BO_Div:
            return *y ? number(*x / *y) : Typed();
        default:
            return *y ? number(*x % *y) : Typed();
        }
    }
    if (!scope || a.value.isUnknownOrUndef() || b.value.isUnknownOrUndef())
        return Typed();
    Typed t;
    SVal  right = b.value;
    if (a.value.getAs<Loc>() && y && *y == 0)
        right = builder().makeNull();
    else if (y && !a.type.isNull() && a.type->isIntegralOrEnumerationType())
        right = builder().makeIntVal((uint64_t)*y, a.type);
    bool compares = o->level == 6 || o->level == 7;
    t.type = compares ? ast.IntTy : a.type;
    if (t.type.isNull())
        return Typed();
    t.value = builder().evalBinOp(scope->state, o->kind, a.value, right, t.type);
    return t;
}

Typed Parser::binary(int level)
{
    Typed left = unary();

    for (;;) {
        blank();
        const Operator *o = operator_at(text);
        if (!o || o->level < level || failed)
            return left;
        text = text.drop_front(o->token.size());
        left = combine(o->token, left, binary(o->level + 1));
    }
}

Typed Parser::load(SVal place, QualType type)
{
    Typed t;
    auto  l = place.getAs<Loc>();

    if (!scope || !l || type.isNull())
        return t;
    t.place = place;
    t.type = type;
    t.value = scope->state->getSVal(*l, type);
    return t;
}

Typed Parser::unary()
{
    if (accept("!")) {
        Truth t = true_or_not(unary());
        return from(t == MAYBE ? MAYBE : t == YES ? NO : YES);
    }
    if (accept("*")) {
        Typed t = unary();
        return load(t.value, t.type.isNull() ? QualType() : t.type->getPointeeType());
    }
    if (accept("&")) {
        Typed t = unary(), address;
        address.value = t.place;
        address.type = t.type.isNull() ? QualType() : ast.getPointerType(t.type);
        return address;
    }
    if (accept("-")) {
        Typed t = unary();
        auto  n = known(t);
        return n ? number(-*n) : Typed();
    }
    if (accept("~")) {
        Typed t = unary();
        auto  n = known(t);
        return n ? number(~*n) : Typed();
    }
    return postfix();
}

const FieldDecl *field_named(const RecordDecl *r, StringRef name, std::vector<const FieldDecl *> &path)
{
    for (const FieldDecl *f : r->fields()) {
        if (f->getName() == name) {
            path.push_back(f);
            return f;
        }
        const RecordDecl *inner = f->isAnonymousStructOrUnion() ? f->getType()->getAsRecordDecl() : nullptr;
        if (!inner)
            continue;
        path.push_back(f);
        if (const FieldDecl *found = field_named(inner, name, path))
            return found;
        path.pop_back();
    }
    return nullptr;
}

/* The analyzer does not follow `LARGE_INTEGER t = {.QuadPart = -1}`, an initialized union. */
llvm::Optional<int64_t> initial_value(ASTContext &ast, SVal place, StringRef field)
{
    auto *r = dyn_cast_or_null<VarRegion>(object(place));
    auto *list = r && r->getDecl()->getInit() ? dyn_cast<InitListExpr>(r->getDecl()->getInit()) : nullptr;

    if (!list || !r->getDecl()->getType()->isUnionType() || list->getNumInits() != 1)
        return llvm::None;
    const FieldDecl *f = list->getInitializedFieldInUnion();
    Expr::EvalResult v;
    if (f && f->getName() == field && list->getInit(0)->EvaluateAsInt(v, ast))
        return v.Val.getInt().getExtValue();
    auto *inner = dyn_cast<InitListExpr>(list->getInit(0));
    for (unsigned i = 0; inner && i < inner->getNumInits(); i++)
        if (!isa<ImplicitValueInitExpr>(inner->getInit(i)) &&
            (!inner->getInit(i)->EvaluateAsInt(v, ast) || v.Val.getInt() != 0))
            return llvm::None;
    return inner ? llvm::Optional<int64_t>(0) : llvm::None; /* {0} */
}

Typed Parser::member(const Typed &base, StringRef field)
{
    std::vector<const FieldDecl *> path;
    const RecordDecl              *r = base.type.isNull() ? nullptr : base.type->getAsRecordDecl();
    SVal                           place = base.place;

    if (!scope || !r || !r->getDefinition() || !field_named(r->getDefinition(), field, path))
        return Typed();
    for (const FieldDecl *f : path)
        place = scope->state->getLValue(f, place);
    Typed loaded = load(place, path.back()->getType());
    if (loaded.value.isUnknown())
        if (auto n = initial_value(ast, base.place, field))
            loaded.value = number(*n).value;
    return loaded;
}

StringRef word_of(StringRef &text)
{
    StringRef word = text.take_while([](char c) { return isalnum((unsigned char)c) || c == '_' || c == '$'; });

    text = text.drop_front(word.size());
    return word;
}

Typed Parser::postfix()
{
    Typed t = primary();

    for (;;) {
        if (accept("->")) {
            Typed to = load(t.value, t.type.isNull() ? QualType() : t.type->getPointeeType());
            blank();
            t = member(to, word_of(text));
        } else if (accept(".")) {
            blank();
            t = member(t, word_of(text));
        } else {
            return t;
        }
    }
}

Typed Parser::parameter(StringRef word)
{
    const Contract &k = scope->contract;
    Typed           t;

    for (unsigned i = 0; i < k.parameters.size(); i++) {
        if (word != k.parameters[i])
            continue;
        if (scope->call && i < scope->call->getNumArgs()) {
            t.value = scope->call->getArgSVal(i);
            auto *f = dyn_cast_or_null<FunctionDecl>(scope->call->getDecl());
            t.type = f && i < f->getNumParams() ? f->getParamDecl(i)->getType() : scope->call->getArgExpr(i)->getType();
        } else if (!scope->call && root(scope->c) && i < root(scope->c)->getNumParams()) {
            const ParmVarDecl     *p = root(scope->c)->getParamDecl(i);
            const LocationContext *l = scope->c.getLocationContext();
            while (l->getParent())
                l = l->getParent();
            t = load(scope->state->getLValue(p, l), p->getType());
        }
        return t;
    }
    return t;
}

const MacroInfo *Parser::macro_named(StringRef word)
{
    auto i = pp.getIdentifierTable().find(word);

    return i == pp.getIdentifierTable().end() ? nullptr : pp.getMacroInfo(i->second);
}

bool Parser::is_macro(StringRef word)
{
    const MacroInfo *m = macro_named(word);

    return m && m->isFunctionLike() && m->getNumParams() == 1 && !m->isVariadic();
}

/* NT_SUCCESS(return): the body with the argument put in; text is behind the opening parenthesis. */
Typed Parser::call_of(StringRef word)
{
    const MacroInfo *m = macro_named(word);
    std::string      body;
    size_t           end = 0;

    for (int open = 1; end < text.size(); end++) {
        open += text[end] == '(' ? 1 : text[end] == ')' ? -1 : 0;
        if (!open)
            break;
    }
    if (end >= text.size() || depth > 8)
        return fail();
    for (const Token &token : m->tokens()) {
        bool parameter = token.getIdentifierInfo() && m->getParameterNum(token.getIdentifierInfo()) == 0;
        body += parameter ? text.substr(0, end).str() + " " : pp.getSpelling(token) + " ";
    }
    text = text.drop_front(end + 1);
    Parser inner(ast, pp, scope, body);
    inner.depth = depth + 1;
    return inner.whole();
}

/* A macro with a body that this parser can read. */
Typed Parser::macro(StringRef word)
{
    const MacroInfo *m = macro_named(word);
    std::string      body;

    if (!m || m->isFunctionLike() || depth > 8)
        return fail();
    for (const Token &token : m->tokens())
        body += pp.getSpelling(token) + " ";
    Parser inner(ast, pp, scope, body);
    inner.depth = depth + 1;
    return inner.whole();
}

Typed Parser::name(StringRef word)
{
    if (scope && word == "return") {
        Typed t;
        t.value = scope->after ? scope->result : UnknownVal();
        t.type = scope->result_type;
        return t;
    }
    if (word == "NULL" || word == "FALSE" || word == "false" || word == "nullptr")
        return number(0);
    if (word == "TRUE" || word == "true")
        return number(1);
    if (scope)
        for (const std::string &p : scope->contract.parameters)
            if (word == p)
                return parameter(word);
    auto id = pp.getIdentifierTable().find(word);
    if (id == pp.getIdentifierTable().end())
        return fail();
    for (const NamedDecl *d : ast.getTranslationUnitDecl()->lookup(DeclarationName(id->second))) {
        if (auto *e = dyn_cast<EnumConstantDecl>(d))
            return number(e->getInitVal().getExtValue());
        if (auto *v = dyn_cast<VarDecl>(d))
            return scope ? load(scope->state->getLValue(v, scope->c.getLocationContext()), v->getType()) : fail();
    }
    return macro(word);
}

/* _called_from_function_class("NAME"): of the function the analysis began with. */
Typed Parser::predicate(StringRef word)
{
    size_t    end = text.find(')');
    StringRef argument = text.substr(0, end).trim().trim("\"");

    text = end == StringRef::npos ? StringRef() : text.drop_front(end + 1);
    if (scope && word.contains_insensitive("called_from_function_class") && root(scope->c))
        return number(has_class(contract_of(root(scope->c)), argument));
    return Typed();
}

Typed Parser::primary()
{
    blank();
    if (accept("(")) {
        /* A cast: (TYPE)x. The value counts, not the type. */
        StringRef rest = text.ltrim(), word = word_of(rest), after = rest.ltrim();
        if (!word.empty() && !isdigit((unsigned char)word[0]) && after.startswith(")") && after.size() > 1 &&
            (isalnum((unsigned char)after.drop_front(1).ltrim()[0]) || after.drop_front(1).ltrim()[0] == '(')) {
            text = after.drop_front(1);
            return unary();
        }
        Typed t = binary(0);
        return accept(")") ? t : fail();
    }
    if (!text.empty() && isdigit((unsigned char)text[0])) {
        StringRef          digits = word_of(text).rtrim("uUlL");
        unsigned long long n;
        return digits.getAsInteger(0, n) ? fail() : number((int64_t)n);
    }
    StringRef word = word_of(text);
    if (word.empty())
        return fail();
    if (accept("("))
        return is_macro(word) ? call_of(word) : predicate(word);
    return name(word);
}

} // namespace

SVal evaluate(const Scope &s, StringRef expression)
{
    Parser p(s.c.getASTContext(), s.c.getPreprocessor(), &s, expression);

    return p.whole().value;
}

SVal member_of(const Scope &s, SVal place, QualType type, StringRef member)
{
    Parser p(s.c.getASTContext(), s.c.getPreprocessor(), &s, "");
    Typed  base;

    base.place = place;
    base.type = type;
    return p.member(base, member).value;
}

const MemRegion *lvalue(const Scope &s, StringRef expression)
{
    Parser p(s.c.getASTContext(), s.c.getPreprocessor(), &s, expression);
    Typed  t = p.whole();

    /* A pointer stands for what it points to: _Acquires_lock_(SpinLock) is written as often as (*SpinLock). */
    if (!t.type.isNull() && t.type->isPointerType())
        if (const MemRegion *to = object(t.value))
            return to;
    return object(t.place);
}

Truth truth(const Scope &s, StringRef condition)
{
    SVal v = evaluate(s, condition);
    auto n = number_of(s.state, v);

    if (n)
        return *n ? YES : NO;
    auto defined = v.getAs<DefinedOrUnknownSVal>();
    if (!defined || v.isUnknown())
        return MAYBE;
    ProgramStateRef yes, no;
    std::tie(yes, no) = s.state->assume(*defined);
    return yes && no ? MAYBE : yes ? YES : NO;
}

Truth applies(const Scope &s, const Annotation &a)
{
    Truth all = YES;

    for (const std::string &c : a.conditions) {
        Truth t = truth(s, c);
        if (t == NO)
            return NO;
        if (t == MAYBE)
            all = MAYBE;
    }
    return a.on_failure && all == YES ? MAYBE : all;
}

std::pair<ProgramStateRef, ProgramStateRef> split(const Scope &s, const Annotation &a)
{
    Truth t = applies(s, a);

    if (t != MAYBE)
        return t == YES ? std::make_pair(s.state, ProgramStateRef()) : std::make_pair(ProgramStateRef(), s.state);
    /* One condition that depends on the result is what headers have. */
    auto defined = a.conditions.size() == 1 ? evaluate(s, a.conditions[0]).getAs<DefinedSVal>() : llvm::None;
    return defined ? s.state->assume(*defined) : std::make_pair(ProgramStateRef(), s.state);
}

llvm::Optional<int64_t> constant(ASTContext &ast, const Preprocessor &pp, StringRef expression)
{
    Parser p(ast, pp, nullptr, expression);
    auto   i = p.whole().value.getAs<nonloc::ConcreteInt>();

    if (i)
        return i->getValue().getExtValue();
    return llvm::None;
}

} // namespace dt
