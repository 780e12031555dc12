#define _GNU_SOURCE
#include "ccrash.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { handler_stack_bytes = 64 * 1024 };

// Orders stores for a handler on the same thread and for whoever reads the file after the process; costs nothing.
#define KEEP_ORDER() __atomic_signal_fence(__ATOMIC_SEQ_CST)

static struct ccrash_header *active;

static int32_t this_thread(void)
{
    return (int32_t)syscall(SYS_gettid);
}

void ccrash_prepare(struct ccrash_header *header, uint32_t slots)
{
    header->version = ccrash_version;
    header->slots = slots;
    header->process = (int32_t)getpid();
    // The magic comes last: a file without it is not ready.
    __atomic_thread_fence(__ATOMIC_RELEASE);
    memcpy(header->magic, "GWCRUMBS", sizeof header->magic);
}

static void note(int number, siginfo_t *info, void *context)
{
    (void)context;
    struct ccrash_header *header = active;
    int32_t none = 0;
    if (header != NULL
        && __atomic_compare_exchange_n(&header->thread, &none, this_thread(), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        header->address = (uint64_t)(uintptr_t)info->si_addr;
        __atomic_store_n(&header->signal, number, __ATOMIC_SEQ_CST);
    }
    // SA_RESETHAND has brought the default action back and SA_NODEFER leaves the signal open: this ends the process.
    syscall(SYS_tgkill, getpid(), this_thread(), number);
}

static const int signals[] = { SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE };

int ccrash_install(struct ccrash_header *header)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = note;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    active = header;
    for (size_t index = 0; index < sizeof signals / sizeof signals[0]; index++) {
        if (sigaction(signals[index], &action, NULL) != 0) {
            return errno;
        }
    }
    return 0;
}

static void give_handler_stack(void)
{
    stack_t old;
    if (sigaltstack(NULL, &old) != 0 || !(old.ss_flags & SS_DISABLE)) {
        return;
    }
    void *memory = mmap(NULL, handler_stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return;
    }
    stack_t stack = { .ss_sp = memory, .ss_flags = 0, .ss_size = handler_stack_bytes };
    if (sigaltstack(&stack, NULL) != 0) {
        munmap(memory, handler_stack_bytes);
    }
}

static void take_handler_stack(void)
{
    stack_t old;
    const stack_t none = { .ss_sp = NULL, .ss_flags = SS_DISABLE, .ss_size = 0 };
    if (sigaltstack(NULL, &old) == 0 && !(old.ss_flags & SS_DISABLE) && old.ss_size == handler_stack_bytes
        && sigaltstack(&none, NULL) == 0) {
        munmap(old.ss_sp, handler_stack_bytes);
    }
}

// A process inherits which signals are blocked: one that another thread sends would wait for ever.
static void let_signals_come(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t index = 0; index < sizeof signals / sizeof signals[0]; index++) {
        sigaddset(&set, signals[index]);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

struct ccrash_slot *ccrash_attach(struct ccrash_header *header)
{
    struct ccrash_slot *slots = (struct ccrash_slot *)(header + 1);
    const int32_t thread = this_thread();
    for (uint32_t index = 0; index < header->slots; index++) {
        int32_t none = 0;
        if (__atomic_compare_exchange_n(&slots[index].thread, &none, thread, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            give_handler_stack();
            let_signals_come();
            return &slots[index];
        }
    }
    return NULL;
}

void ccrash_detach(struct ccrash_slot *slot)
{
    ccrash_leave(slot);
    take_handler_stack();
    __atomic_store_n(&slot->thread, 0, __ATOMIC_SEQ_CST);
}

void ccrash_enter(struct ccrash_slot *slot, const void *camera, size_t length, uint8_t activity)
{
    const size_t kept = length < ccrash_camera_limit ? length : ccrash_camera_limit;
    slot->busy = 0;
    KEEP_ORDER();
    memcpy(slot->camera, camera, kept);
    slot->length = (uint8_t)kept;
    slot->activity = activity;
    slot->steps++;
    KEEP_ORDER();
    slot->busy = 1;
    KEEP_ORDER();
}

void ccrash_turn(struct ccrash_slot *slot, uint8_t activity)
{
    slot->activity = activity;
    KEEP_ORDER();
}

void ccrash_step(struct ccrash_slot *slot)
{
    slot->steps++;
    KEEP_ORDER();
}

int ccrash_accuse(struct ccrash_header *header, int32_t thread)
{
    __atomic_store_n(&header->hung, thread, __ATOMIC_SEQ_CST);
    return syscall(SYS_tgkill, getpid(), thread, SIGABRT) == 0 ? 0 : errno;
}

void ccrash_leave(struct ccrash_slot *slot)
{
    KEEP_ORDER();
    slot->busy = 0;
    KEEP_ORDER();
}

int ccrash_close_from(void *actions, int first)
{
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

void ccrash_name_thread(const char *name)
{
    prctl(PR_SET_NAME, name, 0, 0, 0);
}
