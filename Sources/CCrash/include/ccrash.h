// What a worker process leaves behind when it dies: a file, mapped into memory, with one slot per thread.
//
// The slots are written with plain stores; the signal handler touches nothing but the file and the signal itself. The
// functions are C because neither the Swift runtime nor its optimiser promise any of this in a signal handler, or that
// a store that nobody reads before a trap happens at all: calls into another translation unit do.

#ifndef GRIDWATCH_CCRASH_H
#define GRIDWATCH_CCRASH_H

#include <stddef.h>
#include <stdint.h>

enum { ccrash_camera_limit = 64, ccrash_version = 1 };

/// The first 128 bytes of the file.
struct ccrash_header {
    char magic[8];         // "GWCRUMBS"
    uint32_t version;      // ccrash_version
    uint32_t slots;        // slots that follow
    int32_t process;       // who writes
    int32_t signal;        // that ended it; 0: none was caught
    int32_t thread;        // that got the signal
    int32_t hung;          // thread that was ended because it stood in one piece of work; 0: none
    uint64_t address;      // that the signal is about, where it says one
    uint8_t reserved[88];
};

/// What one thread does, 128 bytes.
struct ccrash_slot {
    uint32_t busy;         // 1 while it works on the camera below
    int32_t thread;        // kernel's number of the thread; 0: slot is free
    uint64_t steps;        // begun pieces of work
    uint8_t activity;      // what it does; meaning is the caller's
    uint8_t length;        // bytes of the camera's name
    uint8_t reserved[46];
    char camera[ccrash_camera_limit];
};

_Static_assert(sizeof(struct ccrash_header) == 128, "the layout of the file is fixed");
_Static_assert(sizeof(struct ccrash_slot) == 128, "the layout of the file is fixed");

/// Writes the header of a mapped file of (1 + slots) * 128 zero bytes.
void ccrash_prepare(struct ccrash_header *header, uint32_t slots);

/// Catches SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT and SIGFPE for the life of the process.
///
/// The handler notes signal and thread in the header (the first signal wins) and raises the signal again with its
/// default action. The mapping must stay for ever. Returns 0, or errno.
int ccrash_install(struct ccrash_header *header);

/// Gives the calling thread a slot, and a stack of its own for the handler so that a stack overflow is noted too.
///
/// Returns null when all slots are taken.
struct ccrash_slot *ccrash_attach(struct ccrash_header *header);

/// Gives the slot back.
void ccrash_detach(struct ccrash_slot *slot);

/// Notes that the calling thread, whose slot it is, works on a camera from now on.
void ccrash_enter(struct ccrash_slot *slot, const void *camera, size_t length, uint8_t activity);

/// Changes what the thread does with the camera.
void ccrash_turn(struct ccrash_slot *slot, uint8_t activity);

/// Notes that the thread has come one piece of work further with the same camera.
void ccrash_step(struct ccrash_slot *slot);

/// Ends the process by SIGABRT in that thread, and notes before that it hung.
///
/// `ccrash_install` must have been called. Returns 0, or errno.
int ccrash_accuse(struct ccrash_header *header, int32_t thread);

/// Notes that the thread works on no camera.
void ccrash_leave(struct ccrash_slot *slot);

/// Has a process that is about to be spawned close all descriptors from `first` on, after the actions before this one.
///
/// `actions` is a posix_spawn_file_actions_t. Returns 0, or the number of an error.
int ccrash_close_from(void *actions, int first);

/// Gives the calling thread a name that the kernel shows, cut to 15 bytes.
void ccrash_name_thread(const char *name);

#endif
