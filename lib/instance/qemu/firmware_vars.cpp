#include "instance/qemu/firmware_vars.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

namespace instance::qemu {
namespace {

constexpr FirmwareUse kUses[] = {FirmwareUse::generic, FirmwareUse::secure_boot, FirmwareUse::csm};

std::string base_name(const std::string& path) { return std::filesystem::path(path).filename(); }

/// Name of the file that qemu.nvram leads to; empty if it leads nowhere in its own folder.
std::string current_vars(const std::string& volume) {
  std::error_code error;
  std::string target = std::filesystem::read_symlink(nvram_path(volume), error);
  if (error || target.empty() || target.contains('/') || !std::filesystem::exists(volume + "/" + target, error)) return "";
  return target;
}

Result<> make_vars(const std::string& volume, const Firmware& firmware) {
  for (FirmwareUse use : kUses)
    for (const Firmware& known : firmwares(use))
      if (!known.vars.empty()) unlink((volume + "/" + base_name(known.vars)).c_str());
  std::string name = base_name(firmware.vars), file = volume + "/" + name, link = nvram_path(volume);
  std::error_code error;
  std::filesystem::copy_file(firmware.vars, file, std::filesystem::copy_options::overwrite_existing, error);
  if (error) return fail_errno("Failed copying the firmware's variables to " + file, error.value());
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  if (name == base_name(link)) return {};
  unlink(link.c_str());
  if (symlink(name.c_str(), link.c_str()) < 0) return fail_errno("Failed linking " + link);
  return {};
}

}  // namespace

std::string nvram_path(const std::string& volume) { return volume + "/qemu.nvram"; }

std::string vars_file(const std::string& volume) {
  std::string name = current_vars(volume);
  return name.empty() ? "" : volume + "/" + name;
}

FirmwareUse firmware_use(const MachineSpec& spec) {
  return spec.csm ? FirmwareUse::csm : spec.secure_boot ? FirmwareUse::secure_boot : FirmwareUse::generic;
}

Result<FirmwareSpec> prepare_firmware(const std::string& volume, FirmwareUse use, bool renew) {
  std::vector<Firmware> choice = firmwares(use);
  if (choice.empty()) return fail(Code::unsupported, "There is no {} for virtual machines: install {}", use == FirmwareUse::csm ? "BIOS" : "UEFI firmware",
                                  use == FirmwareUse::csm ? "seabios" : "ovmf");
  const Firmware* chosen = nullptr;
  std::string current = renew ? "" : current_vars(volume);
  for (const Firmware& firmware : choice)
    if (!current.empty() && base_name(firmware.vars) == current) chosen = &firmware;
  if (!chosen) {
    chosen = &choice.front();
    if (!chosen->vars.empty()) TRY(make_vars(volume, *chosen));
  }
  return FirmwareSpec{.code = chosen->code, .vars = chosen->vars.empty() ? "" : volume + "/" + base_name(chosen->vars)};
}

}  // namespace instance::qemu
