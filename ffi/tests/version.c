/* Exits with 0 if the header and the library that it was linked with belong together. */
#include "memlane.h"
#include <string.h>

int main(void) {
    if (strcmp(memlane_version(), MEMLANE_VERSION) != 0) {
        return 1;
    }
    return memlane_layout_major() == MEMLANE_LAYOUT_MAJOR ? 0 : 2;
}
