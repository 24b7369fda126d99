/* The boot loader of the disks we make: starts \LINUX from its own partition, with the words of \CMDLINE and with \INITRD if there is one.
 * An EFI application without libraries or relocations; its file begins with the header that the assembler lines below lay out, and
 * efi_boot.ld makes it a flat file. (UEFI specification 2.10, sections 2.3, 4.3, 7.4, 9, 13.4 and 13.5; Microsoft's PE format.)
 * Not signed: for machines with Secure Boot switched off. */
#include <stddef.h>

typedef unsigned long word;
typedef unsigned short wide;
typedef void* handle;
#define EFI_CALL __attribute__((ms_abi))

__asm__(
    ".section .header, \"a\"\n"
    "  .ascii \"MZ\"\n  .skip 58\n  .long 64\n"
    "  .ascii \"PE\\0\\0\"\n"
    "  .word 0x8664, 1\n  .long 0, 0, 0\n  .word 240, 0x0226\n"             /* x86-64, one section; executable, large addresses, no debug data */
    "  .word 0x020b, 0\n  .long image_code_size, 0, 0, begin, 512\n"        /* PE32+ */
    "  .quad 0\n  .long 512, 512\n  .word 0, 0, 0, 0, 0, 0\n  .long 0, image_size, 512, 0\n"
    "  .word 10, 0\n  .quad 0, 0, 0, 0\n  .long 0, 16\n  .skip 128\n"       /* subsystem 10: EFI application */
    "  .ascii \".text\\0\\0\\0\"\n  .long image_code_size, 512, image_code_size, 512, 0, 0\n  .word 0, 0\n  .long 0x60000020\n"
    ".text\n");

struct guid { unsigned a; unsigned short b, c; unsigned char d[8]; };
struct text_output { void* reset; word(EFI_CALL* output_string)(struct text_output*, const wide*); };
struct file {
  word revision;
  word(EFI_CALL* open)(struct file*, struct file**, const wide*, word mode, word attributes);
  word(EFI_CALL* close)(struct file*);
  void* erase;
  word(EFI_CALL* read)(struct file*, word*, void*);
};
struct volume { word revision; word(EFI_CALL* open)(struct volume*, struct file**); };
struct image { unsigned revision; handle parent; void* system; handle device; void *path, *reserved; unsigned options_size; void* options; };
struct boot_services {
  char header[24];
  void* before_protocol[16];
  word(EFI_CALL* handle_protocol)(handle, const struct guid*, void**);
  void* before_load[5];
  word(EFI_CALL* load_image)(unsigned char, handle, void*, void*, word, handle*);
  word(EFI_CALL* start_image)(handle, word*, wide**);
};
struct system_table {
  char header[24];
  void *vendor, *revision, *input_handle, *input, *output_handle;
  struct text_output* output;
  void *error_handle, *error, *runtime;
  struct boot_services* boot;
};
_Static_assert(offsetof(struct boot_services, handle_protocol) == 152 && offsetof(struct boot_services, load_image) == 200, "UEFI 4.4");
_Static_assert(offsetof(struct image, device) == 24 && offsetof(struct image, options) == 56, "UEFI 9.1");

static const struct guid kImage = {0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
static const struct guid kVolume = {0x964e5b22, 0x6459, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
static const struct guid kDevicePath = {0x09576e91, 0x6d3f, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
static const wide kKernel[] = u"\\LINUX", kWords[] = u"\\CMDLINE", kInitrd[] = u"\\INITRD", kInitrdOption[] = u" initrd=\\INITRD";
enum { kRead = 1, kMaxWords = 2048, kMaxPath = 1024, kEndOfPath = 0x7f };

static struct file* open_file(struct file* root, const wide* name) {
  struct file* opened = 0;
  return root->open(root, &opened, name, kRead, 0) == 0 ? opened : 0;
}

/* The path of the partition with "\LINUX" below it: what the kernel finds its own partition by. False if it doesn't fit. */
static int kernel_path(const unsigned char* device, unsigned char* out) {
  word size = 0;
  while (device[size] != kEndOfPath) {
    word next = size + device[size + 2] + device[size + 3] * 256;
    if (next + sizeof kKernel + 8 > kMaxPath || next == size) return 0;
    for (; size < next; size++) out[size] = device[size];
  }
  const unsigned char node[] = {4, 4, 4 + sizeof kKernel, 0}, end[] = {kEndOfPath, 0xff, 4, 0};
  for (word i = 0; i < 4; i++) out[size++] = node[i];
  for (word i = 0; i < sizeof kKernel; i++) out[size++] = ((const unsigned char*)kKernel)[i];
  for (word i = 0; i < 4; i++) out[size++] = end[i];
  return 1;
}

/* The kernel's command line as EFI wants it, in `out` (kMaxWords). Returns its size in bytes. */
static word kernel_words(struct file* root, wide* out) {
  static const word kSpare = sizeof kInitrdOption / sizeof(wide);
  char text[kMaxWords];
  word size = 0, length = 0;
  struct file* file = open_file(root, kWords);
  if (file) {
    size = kMaxWords - kSpare;
    if (file->read(file, &size, text) != 0) size = 0;
    file->close(file);
  }
  for (; length < size && text[length] && text[length] != '\n'; length++) out[length] = (unsigned char)text[length];
  file = open_file(root, kInitrd);
  if (file) {
    file->close(file);
    for (word i = 0; i + 1 < kSpare; i++) out[length++] = kInitrdOption[i];
  }
  out[length++] = 0;
  return length * sizeof(wide);
}

static word say(struct system_table* system, const wide* text) {
  system->output->output_string(system->output, text);
  return 1ul << 63 | 14; /* EFI_NOT_FOUND: the firmware tries what comes next in its boot order */
}

__attribute__((used)) EFI_CALL word begin(handle self, struct system_table* system) {
  struct boot_services* boot = system->boot;
  struct image *own = 0, *kernel = 0;
  struct volume* volume = 0;
  struct file* root = 0;
  unsigned char *device = 0, path[kMaxPath];
  wide words[kMaxWords];
  handle started = 0;
  if (boot->handle_protocol(self, &kImage, (void**)&own) || boot->handle_protocol(own->device, &kVolume, (void**)&volume) || volume->open(volume, &root) ||
      boot->handle_protocol(own->device, &kDevicePath, (void**)&device) || !kernel_path(device, path))
    return say(system, u"The boot loader cannot read its own partition\r\n");
  if (boot->load_image(0, self, path, 0, 0, &started)) return say(system, u"The boot loader cannot load \\LINUX (is Secure Boot on?)\r\n");
  if (boot->handle_protocol(started, &kImage, (void**)&kernel)) return say(system, u"The boot loader cannot find the image it loaded\r\n");
  kernel->options_size = (unsigned)kernel_words(root, words);
  kernel->options = words;
  return boot->start_image(started, 0, 0);
}
