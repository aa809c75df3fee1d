/*
 * C compilers for builds with cgo: the machine's own gcc, and Debian's cross compilers by
 * their GNU triplets.
 */
#ifndef LNM_TOOLCHAINS_CC_H
#define LNM_TOOLCHAINS_CC_H

#include "toolchains/target.h"

/* The compiler for the target, its whole path; NULL: none is here. Lives for ever. */
const char *cc_path(const struct target *t);
/* Changes whenever the compiler does; part of keys. Lives for ever. */
const char *cc_identity(const struct target *t);
/* Debian's package of it, "gcc-aarch64-linux-gnu"; NULL: there is none. */
const char *cc_package(const struct target *t);
/* Where an emulator finds the target's C library; NULL: nowhere, or it is this machine's. */
const char *cc_sysroot(const struct target *t);

#endif
