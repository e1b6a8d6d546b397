#!/bin/sh
# SPDX-License-Identifier: MIT
# `duetime build` on sources as Windows people write them: backslashes and odd case in #include, WPP, project files.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

mkdir -p driver/Sources driver/Inc
cat >driver/Inc/Public.h <<'EOF'
#pragma once
#include "Nested\Deep.h"
#define PUBLIC_VALUE (DEEP_VALUE + PROJECT_VALUE)
EOF
mkdir driver/Inc/nested
printf '#pragma once\r\n#define DEEP_VALUE 40\r\n' >driver/Inc/nested/deep.h
cat >driver/Inc/trace.h <<'EOF'
#pragma once
// begin_wpp config
// FUNC TraceOdd{LEVEL=TRACE_LEVEL_INFORMATION}(FLAGS, MSG, ...);
// FUNC TraceEven(LEVEL, FLAGS, MSG, ...);
// end_wpp
EOF
cat >driver/Sources/main.c <<'EOF'
#include <NTDDK.h>
#include "..\INC\public.h"
#include <Ntstrsafe.h>
#include "Trace.h"
#include "main.tmh"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;

static VOID Unload(PDRIVER_OBJECT Driver)
{
    WPP_CLEANUP(Driver);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    WPP_INIT_TRACING(Driver, Path);
    TraceOdd(1, "%d", PUBLIC_VALUE);
    TraceEven(1, 2, "even");
    Driver->DriverUnload = Unload;
    return PUBLIC_VALUE == 42 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
EOF
cat >driver/driver.vcxproj <<'EOF'
<?xml version="1.0" encoding="utf-8"?>
<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <ItemDefinitionGroup Condition="'$(Configuration)|$(Platform)'=='Release|x64'">
    <ClCompile><PreprocessorDefinitions>PROJECT_VALUE=1</PreprocessorDefinitions></ClCompile>
  </ItemDefinitionGroup>
  <ItemDefinitionGroup Condition="'$(Configuration)|$(Platform)'=='Debug|x64'">
    <ClCompile>
      <PreprocessorDefinitions>%(PreprocessorDefinitions);/wd4996;PROJECT_VALUE=2</PreprocessorDefinitions>
      <AdditionalIncludeDirectories>$(DDK_INC_PATH);.\Inc;%(AdditionalIncludeDirectories)</AdditionalIncludeDirectories>
    </ClCompile>
  </ItemDefinitionGroup>
  <ItemGroup>
    <ClCompile Include=" SOURCES\Main.C; " />
    <ClCompile Include="Sources\notours.c"><ExcludedFromBuild>true</ExcludedFromBuild></ClCompile>
    <ResourceCompile Include="driver.rc" />
  </ItemGroup>
</Project>
EOF

for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    "$DUETIME" build --cc $cc driver/driver.vcxproj -o out-$cc
    "$DUETIME" run out-$cc/driver.so
    python3 -c 'import json, sys; c = json.load(open(sys.argv[1])); assert c[0]["file"].endswith("main.c")' \
        out-$cc/compile_commands.json
done

# A source that is not there is told in one line.
sed 's/ SOURCES.Main.C; /Sources\\other.c/' driver/driver.vcxproj >driver/other.vcxproj
"$DUETIME" build driver/other.vcxproj -o out-gcc 2>log && exit 1
[ "$(wc -l <log)" -eq 1 ] && grep -q 'other.c, a source of the project, is not in driver' log
rm driver/other.vcxproj

# The sources are as they were: nothing was written beside them.
[ "$(find driver -type f | wc -l)" -eq 5 ]

# What does not compile ends with 2 and the compiler's words.
echo 'int DriverEntry(void) { return undeclared; }' >broken.c
"$DUETIME" build broken.c -o broken.so >log 2>&1 && exit 1
grep -q 'broken.c:1:.*undeclared' log

# Every memory access is a point: two threads that increment a plain variable.
cat >race.c <<'EOF'
#include <ntddk.h>
int Shared;
DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;
static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }
void Increment(void) { Shared++; }
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Path);
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
EOF
cat >race_test.c <<'EOF'
#include <duetime/test.h>
extern int Shared;
void Increment(void);
static void one(void *ctx) { (void)ctx; Increment(); }
DT_TEST(lost_update, .processors = 2, .strategy = "dfs:3")
{
    dt_spawn(1, one, NULL);
    Increment();
    dt_join_all();
    dt_expect_eq(Shared, 2);
}
EOF
"$DUETIME" build --race race.c -o race.so
"$DUETIME" build race_test.c -o race_test.so
"$DUETIME" explore race.so race_test.so >log && { cat log; exit 1; } # a race, though no schedule loses the update
grep -q 'DT-X01' log
"$DUETIME" explore --level memory race.so race_test.so >log && { cat log; exit 1; }
grep -q 'DT-X0[15]' log
