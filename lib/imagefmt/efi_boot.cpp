#include "imagefmt/disk.h"

#ifdef EFI_BOOT_FILE
// The file comes from CMakeLists.txt.
__asm__(
    ".section .rodata\n"
    "incusbox_efi_boot_begin:\n"
    ".incbin \"" EFI_BOOT_FILE "\"\n"
    "incusbox_efi_boot_end:\n"
    ".previous\n");

extern "C" const char incusbox_efi_boot_begin[], incusbox_efi_boot_end[];
#else
static const char incusbox_efi_boot_begin[1] = {}, *const incusbox_efi_boot_end = incusbox_efi_boot_begin;
#endif

namespace imagefmt {

std::string_view efi_boot() { return {incusbox_efi_boot_begin, incusbox_efi_boot_end}; }

}  // namespace imagefmt
