// What Linux offers for waiting on thousands of sockets, and Swift's Glibc module leaves out.
#ifndef CEPOLL_SHIM_H
#define CEPOLL_SHIM_H

#include <sys/epoll.h>
#include <sys/eventfd.h>

#endif
