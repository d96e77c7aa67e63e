/* Loaded before the C library while componentize-py runs, so that it draws the same random bytes in every build.

   CPython takes the seed of its string hashes from them at the start, and the start is what the snapshot keeps: without
   this, the order of sets would be another in every build. Every call gives the same bytes, whichever thread makes it. */

#include <stddef.h>
#include <sys/types.h>

ssize_t getrandom(void *buffer, size_t length, unsigned int flags) {
    (void)flags;
    for (size_t position = 0; position < length; position++) {
        ((unsigned char *)buffer)[position] = (unsigned char)(position * 73 + 41);
    }
    return (ssize_t)length;
}
