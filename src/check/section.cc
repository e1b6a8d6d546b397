/* SPDX-License-Identifier: MIT */
/*
 * check/section.cc - alloc_text, code_seg, data_seg and const_seg, read off the source text, because clang 14 skips the
 * first and keeps no trace of an empty one. Of headers, those of the driver count too.
 */
#include "check/section.h"
#include "check/walk.h"

#include <map>

namespace dt {

namespace {

struct Switch {
    unsigned    offset;
    std::string section;
};

/* What the pragmas of one file say. */
struct File {
    std::vector<Switch> code, data;
};

struct Sections {
    std::map<std::string, std::string> functions; /* alloc_text */
    std::map<FileID, File>             files;
};

/* The words in the parentheses of a pragma, quotes taken off. */
std::vector<StringRef> arguments(StringRef line)
{
    std::vector<StringRef>          list;
    StringRef                       inside = line.split('(').second.split(')').first;
    llvm::SmallVector<StringRef, 8> parts;

    inside.split(parts, ',');
    for (StringRef p : parts)
        list.push_back(p.trim().trim("\"").trim());
    return list;
}

void read_switch(std::vector<Switch> &to, StringRef line, unsigned offset)
{
    std::vector<StringRef>   words = arguments(line);
    std::string              section = words.empty() ? "" : words.back().str();
    static const char *const stack_words[] = {"push", "pop", "CODE", "DATA", "BSS", "CONST"};

    for (const char *w : stack_words)
        if (section == w)
            section = "";
    to.push_back({offset, section});
}

/* A pragma may be continued over lines by backslashes; alloc_text usually is not. */
void read_line(Sections &s, File &f, StringRef line, unsigned offset)
{
    line = line.ltrim();
    if (!line.consume_front("#"))
        return;
    line = line.ltrim();
    if (!line.consume_front("pragma"))
        return;
    line = line.ltrim();
    std::vector<StringRef> words = arguments(line);
    if (line.startswith("alloc_text"))
        for (size_t i = 1; i < words.size(); i++)
            s.functions[words[i].str()] = words[0].str();
    else if (line.startswith("code_seg"))
        read_switch(f.code, line, offset);
    else if (line.startswith("data_seg") || line.startswith("bss_seg"))
        read_switch(f.data, line, offset);
}

void read_file(Sections &s, File &f, StringRef text)
{
    for (unsigned offset = 0; !text.empty();) {
        StringRef   line = text.split('\n').first;
        std::string joined;

        unsigned size = 0;
        for (;;) { /* continued lines */
            size += (unsigned)std::min(line.size() + 1, text.size() - size);
            StringRef bare = line.rtrim();
            if (!bare.endswith("\\") || size >= text.size()) {
                joined += line.str();
                break;
            }
            joined += bare.drop_back().str();
            line = text.drop_front(size).split('\n').first;
        }
        read_line(s, f, joined, offset);
        text = text.drop_front(std::min<size_t>(size, text.size()));
        offset += size;
    }
}

Sections read_all(const SourceManager &sm)
{
    Sections s;

    for (unsigned i = 0; i < sm.local_sloc_entry_size(); i++) {
        const SrcMgr::SLocEntry &e = sm.getLocalSLocEntry(i);

        if (!e.isFile() || e.getFile().getFileCharacteristic() != SrcMgr::C_User)
            continue;
        FileID id = sm.getFileID(SourceLocation::getFromRawEncoding(e.getOffset()));
        if (auto buffer = sm.getBufferOrNone(id))
            read_file(s, s.files[id], buffer->getBuffer());
    }
    return s;
}

const Sections &sections(const SourceManager &sm)
{
    static Sections all = read_all(sm);

    return all;
}

std::string at(const std::vector<Switch> &list, unsigned offset)
{
    std::string section;

    for (const Switch &s : list)
        if (s.offset < offset)
            section = s.section;
    return section;
}

std::string by_place(const SourceManager &sm, SourceLocation where, bool code)
{
    auto place = sm.getDecomposedExpansionLoc(where);
    auto file = sections(sm).files.find(place.first);

    if (file == sections(sm).files.end())
        return "";
    return at(code ? file->second.code : file->second.data, place.second);
}

} // namespace

std::string section_of(const FunctionDecl *f, const SourceManager &sm)
{
    auto named = sections(sm).functions.find(f->getNameAsString());

    if (named != sections(sm).functions.end())
        return named->second;
    for (const FunctionDecl *d : f->redecls())
        for (auto *a : d->specific_attrs<AnnotateAttr>())
            if (a->getAnnotation().startswith("code_seg("))
                return a->getAnnotation().drop_front(9).drop_back().trim("\"").str();
    const FunctionDecl *body = f->getDefinition();
    return body ? by_place(sm, body->getLocation(), true) : "";
}

std::string section_of(const VarDecl *v, const SourceManager &sm)
{
    return v->hasGlobalStorage() && !v->isStaticLocal() ? by_place(sm, v->getLocation(), false) : "";
}

bool is_pageable(StringRef section)
{
    return section.startswith("PAGE");
}

unsigned paged_code_count(const FunctionDecl *f, SourceLocation *last)
{
    unsigned count = 0;

    find_call(f, [&](const CallExpr *e) {
        if (callee_name(e) == "dt_hook_paged_code") {
            count++;
            if (last)
                *last = e->getBeginLoc();
        }
        return false;
    });
    return count;
}

} // namespace dt
