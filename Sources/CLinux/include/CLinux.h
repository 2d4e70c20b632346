// Linux headers that the Glibc module lacks, and the few wp_* functions that Swift cannot express. No logic.
#ifndef WARMPLANE_CLINUX_H
#define WARMPLANE_CLINUX_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#endif
