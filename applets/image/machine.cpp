// Packing a tree as the disk of a virtual machine: a partition table, an EFI partition with a boot loader, and the root as ext4.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "applets/image/machine.h"
#include "base/units.h"
#include "imagefmt/fat.h"
#include "imagefmt/qcow2_writer.h"
#include "sys/beneath.h"
#include "sys/spawn.h"

namespace builder {
namespace {

namespace fs = std::filesystem;
using imagefmt::FatFile;

constexpr uint64_t kEfiSize = 100ull << 20, kDefaultSize = 4ull << 30, kMaxSize = 1ull << 40;
constexpr const char* kConsoles = "console=tty1 console=ttyS0";

/// The newest kernel in the tree's /boot and what belongs to it; paths in the image.
struct Kernel {
  std::string image, initrd;
};

Result<Kernel> find_kernel(const Tree& tree) {
  std::vector<std::string> kernels;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(tree.root + "/boot", error))
    if (entry.is_regular_file() && entry.path().filename().string().starts_with("vmlinuz")) kernels.push_back(entry.path().filename());
  if (kernels.empty()) return fail(Code::invalid, "The image has no kernel in /boot: add a package with one to the packages of the type vm");
  // Versions have numbers of different lengths: 6.1.0-56 is newer than 6.1.0-9.
  std::string name = *std::ranges::max_element(kernels, [](const auto& a, const auto& b) { return strverscmp(a.c_str(), b.c_str()) < 0; });
  std::string version = name.substr(std::string_view("vmlinuz").size());
  Kernel out{"/boot/" + name, ""};
  for (const std::string& initrd : {"initrd.img" + version, "initramfs" + version + ".img", "initramfs" + version, "initrd" + version})
    if (out.initrd.empty() && fs::is_regular_file(tree.root + "/boot/" + initrd, error)) out.initrd = "/boot/" + initrd;
  return out;
}

std::string kernel_words() { return std::format("root=LABEL={} rw {}", kRootLabel, kConsoles); }

/// What grub does unless the image brings a configuration of its own.
std::string grub_configuration(const Kernel& kernel) {
  return std::format(
      "search --no-floppy --set=root --label {}\nset prefix=($root)/boot/grub\nif [ -e $prefix/grub.cfg ]; then configfile $prefix/grub.cfg; fi\nlinux {} {}\n{}boot\n", kRootLabel,
      kernel.image, kernel_words(), kernel.initrd.empty() ? "" : "initrd " + kernel.initrd + "\n");
}

/// Boot loaders that distributions sign, so that the machine starts with Secure Boot: names below the image's root.
struct SignedLoader {
  const char *shim, *grub, *folder;
};
constexpr SignedLoader kSigned[] = {
    {"/usr/lib/shim/shimx64.efi.signed", "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", "debian"},
    {"/usr/lib/shim/shimx64.efi.signed.latest", "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", "ubuntu"},
    {"/usr/lib/shim/shimaa64.efi.signed", "/usr/lib/grub/arm64-efi-signed/grubaa64.efi.signed", "debian"},
};

/// What the image itself has put into /boot/efi, else signed loaders it carries, else ours (x86-64, without Secure Boot).
Result<std::vector<FatFile>> efi_files(const Tree& tree, const Kernel& kernel) {
  std::vector<FatFile> files;
  std::error_code error;
  fs::path own = tree.root + "/boot/efi";
  for (const auto& entry : fs::recursive_directory_iterator(own, error))
    if (entry.is_regular_file() && !entry.is_symlink()) files.push_back({fs::relative(entry.path(), own), entry.path(), ""});
  std::ranges::sort(files, {}, &FatFile::path);
  if (!files.empty()) return files;
  for (const SignedLoader& loader : kSigned) {
    std::string shim = tree.root + loader.shim, grub = tree.root + loader.grub;
    if (!fs::is_regular_file(shim, error) || !fs::is_regular_file(grub, error)) continue;
    bool arm = std::string_view(loader.shim).contains("aa64");
    return std::vector<FatFile>{{arm ? "EFI/BOOT/BOOTAA64.EFI" : "EFI/BOOT/BOOTX64.EFI", shim, ""}, {arm ? "EFI/BOOT/GRUBAA64.EFI" : "EFI/BOOT/GRUBX64.EFI", grub, ""},
                                {std::format("EFI/{}/grub.cfg", loader.folder), "", grub_configuration(kernel)}};
  }
  if (imagefmt::efi_boot().empty()) return fail(Code::unsupported, "The image has no boot loader: add shim-signed and grub-efi packages to its packages");
  files = {{"EFI/BOOT/BOOTX64.EFI", "", std::string(imagefmt::efi_boot())}, {"LINUX", tree.root + kernel.image, ""}, {"CMDLINE", "", kernel_words()}};
  if (!kernel.initrd.empty()) files.push_back({"INITRD", tree.root + kernel.initrd, ""});
  return files;
}

/// mke2fs fills the file system from the tree, without a mount. Its identifiers come from the image; its times from the build, where e2fsprogs is new enough.
Result<> make_root(const Context& ctx, const Tree& tree, const std::string& disk, const imagefmt::Placed& place, const MachineOptions& options) {
  sys::SpawnSpec spec;
  std::string id = imagefmt::derived_uuid(options.seed, "root");
  spec.argv = {"mke2fs", "-q", "-t", "ext4", "-F", "-m", "1", "-L", kRootLabel, "-U", id, "-d", tree.root, "-E",
               std::format("offset={},hash_seed={},root_owner=0:0,lazy_itable_init=1,lazy_journal_init=1,nodiscard", place.offset, id), disk, std::format("{}k", place.size >> 10)};
  spec.extra_environment["SOURCE_DATE_EPOCH"] = std::to_string(options.time);  // known to e2fsprogs 1.47.1 and later
  return sys::run(ctx, std::move(spec)).transform([](sys::Output&&) {});
}

/// No file of the tree is to be newer than the image.
void clamp_times(const std::string& folder, int64_t latest) {
  std::error_code error;
  timespec times[2] = {{latest, 0}, {latest, 0}};
  auto clamp = [&](const std::string& path) {
    struct stat info;
    if (lstat(path.c_str(), &info) != 0) return;
    times[1].tv_sec = std::min<time_t>(info.st_mtim.tv_sec, latest);
    utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
  };
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) clamp(entry.path());
  clamp(folder);
}

}  // namespace

Result<uint64_t> machine_size(const std::string& text) {
  if (text.empty()) return kDefaultSize;
  auto size = parse_byte_size(text);
  if (!size || *size < static_cast<int64_t>(2 * kEfiSize) || static_cast<uint64_t>(*size) > kMaxSize)
    return fail(Code::invalid, "targets.incus.vm.size: {} is not the size of a disk", quote(text));
  return static_cast<uint64_t>(*size) / imagefmt::kPartitionAlignment * imagefmt::kPartitionAlignment;
}

Result<> make_machine_disk(const Context& ctx, const Tree& tree, const MachineOptions& options, const std::string& workspace, const std::string& out) {
  Kernel kernel = TRY(find_kernel(tree));
  std::vector<FatFile> files = TRY(efi_files(tree, kernel));
  std::string raw = workspace + "/disk.raw";
  UniqueFd disk(open(raw.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)), image(open(out.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!disk || !image) return fail_errno("Failed creating " + (disk ? out : raw));
  const imagefmt::PartitionSpec parts[] = {{imagefmt::PartitionType::efi_system, kEfiLabel, kEfiSize}, {imagefmt::PartitionType::linux_root, kRootLabel, 0}};
  auto placed = TRY(imagefmt::write_gpt(disk.get(), options.size, parts, options.seed));
  TRY(imagefmt::write_fat32(disk.get(), placed[0], files, {.label = kEfiLabel, .serial = static_cast<uint32_t>(options.time), .time = static_cast<time_t>(options.time)}));
  clamp_times(tree.root, options.time);
  TRY_CTX(make_root(ctx, tree, raw, placed[1], options), "Failed making the root file system");
  auto written = imagefmt::write_qcow2(ctx, disk.get(), image.get());
  unlink(raw.c_str());
  return written;
}

}  // namespace builder
