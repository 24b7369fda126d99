#include "instance/lxc/app_init.h"

// APP_INIT_FILE comes from CMakeLists.txt.
__asm__(
    ".section .rodata\n"
    ".balign 8\n"
    "incusbox_app_init_begin:\n"
    ".incbin \"" APP_INIT_FILE "\"\n"
    "incusbox_app_init_end:\n"
    ".byte 0\n"
    ".previous\n");

extern "C" const char incusbox_app_init_begin[], incusbox_app_init_end[];

namespace instance::lxc {

std::string_view app_init() { return {incusbox_app_init_begin, incusbox_app_init_end}; }

}  // namespace instance::lxc
