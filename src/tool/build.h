/* SPDX-License-Identifier: MIT */
/* tool/build.h - what the parts of `duetime build` share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A growing list of strings, NULL-terminated. */
struct strings {
    char **at;
    size_t count;
};

void strings_add(struct strings *l, char *s); /* takes s */

struct build {
    struct strings sources, defines, includes; /* sources as given; defines NAME[=VALUE] */
    const char    *compiler, *output, *optimize;
    char          *cxx; /* the C++ compiler; NULL until a source needs it */
    bool           race, asan, verbose;
    bool           library;                  /* the image has a test in C++: it is linked with the library of C++ */
    char          *name, *directory, *image; /* image: directory/name.so */
    char          *objects, *overlay;        /* directories of ours under directory */
};

/* What a source is compiled as. A test in C++ has all of the language and its library. */
enum language { C_DRIVER, C_TEST, CXX_DRIVER, CXX_TEST };

/* ---- build.c ---- */

/* Dies unless path is a file that can be read. */
void check_readable(const char *path);

/* Adds a C or C++ source, or what a .vcxproj lists, and names the build after it if it has no name. */
void build_add_input(struct build *b, const char *path);

/* ---- overlay.c ---- */

/*
 * Looks through source and the headers it includes, and writes a forwarder into b->overlay for each include that a
 * case-sensitive file system with slashes would not find, and a stand-in for each .tmh. Returns whether the source is a
 * test (it includes <duetime/...>); *seh: whether a file of the driver has the word "try", *mend: mend_may_be_in() a line.
 */
bool overlay_scan(const struct build *b, const char *source, bool *seh, bool *mend);

/* ---- seh.c ---- */

bool seh_may_be_in(const char *line);

/* A whole file, with a zero behind it; dies. */
char *read_all(const char *path, size_t *size);

/* Rewrites structured exception handling; dies with the driver's line where it is wrong. Number of __try blocks. */
int seh_rewrite(const char *source, const char *preprocessed, const char *output);

/* The file that name means below dir, whatever its case and slashes; NULL: there is none. */
char *find_below(const char *dir, const char *name);

/* ---- seh_check.c ---- */

/* seh_rewrite() for the static checker: plain C with the same ways through it. */
int seh_check_rewrite(const char *source, const char *preprocessed, const char *output);

/* ---- mend.c ---- */

bool mend_may_be_in(const char *line);

/* Rewrites what Microsoft's compiler reads otherwise. Number of places. */
int mend_rewrite(const char *preprocessed, const char *output, enum language language);

/* ---- mend_heads.c ---- */

/* Replaces *text. Number of places. */
int mend_heads(char **text);

/* ---- cxx.c ---- */

bool cxx_is_source(const char *path);

/* The C++ compiler beside a C compiler; dies with one line where there is none. */
char *cxx_compiler(const char *cc);

/*
 * Puts the initialization of global objects in a driver's object file aside, with a warning. Status: not 0 where the
 * object needs what no driver has.
 */
int cxx_settle(const char *source, const char *object);

/* ---- vcxproj.c ---- */

/* Adds the project's sources, definitions and include directories. Dies with one line when it cannot be read. */
void vcxproj_read(struct build *b, const char *path);

/* ---- compile.c ---- */

/* Runs the compiler on each source and links; writes compile_commands.json. Exit status. */
int compile_all(struct build *b);

enum language language_of(const char *source, bool test);

/* "c" or "c++", as -x takes it. */
const char *language_name(enum language language);

/* The compiler's name and all flags that a source of b needs but for input and output. Call overlay_scan() before. */
void compile_flags(struct build *b, struct strings *l, enum language language);

/* mkdir -p; dies. */
void make_directory(const char *path);
