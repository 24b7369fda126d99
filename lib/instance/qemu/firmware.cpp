// Where distributions keep firmware for virtual machines: the code, and the template of the variables that go with it.
#include <unistd.h>

#include <cstdlib>

#include "instance/qemu/probe.h"

namespace instance::qemu {
namespace {

struct Place {
  FirmwareUse use;
  const char *folder, *code, *vars;
};

using enum FirmwareUse;
/// Best first. Without secure boot the builds without SMM come first: they start faster.
constexpr Place kPlaces[] = {
    {generic, "/usr/share/OVMF", "OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"},
    {generic, "/usr/share/OVMF", "OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.fd"},
    {generic, "/usr/share/OVMF", "OVMF_CODE.4MB.fd", "OVMF_VARS.4MB.fd"},
    {generic, "/usr/share/OVMF", "OVMF_CODE.4m.fd", "OVMF_VARS.4m.fd"},
    {generic, "/usr/share/OVMF", "OVMF_CODE.2MB.fd", "OVMF_VARS.2MB.fd"},
    {generic, "/usr/share/OVMF", "OVMF_CODE.fd", "OVMF_VARS.fd"},
    {generic, "/usr/share/qemu", "ovmf-x86_64-4m-code.bin", "ovmf-x86_64-4m-vars.bin"},
    {generic, "/usr/share/qemu", "edk2-x86_64-code.fd", "edk2-i386-vars.fd"},
    {generic, "/usr/share/edk2/x64", "OVMF_CODE.4m.fd", "OVMF_VARS.4m.fd"},
    {generic, "/usr/share/edk2/x64", "OVMF_CODE.fd", "OVMF_VARS.fd"},
    {generic, "/usr/share/OVMF/x64", "OVMF_CODE.4m.fd", "OVMF_VARS.4m.fd"},
    {generic, "/usr/share/OVMF/x64", "OVMF_CODE.fd", "OVMF_VARS.fd"},
    {secure_boot, "/usr/share/OVMF", "OVMF_CODE.4MB.fd", "OVMF_VARS.4MB.ms.fd"},
    {secure_boot, "/usr/share/OVMF", "OVMF_CODE_4M.ms.fd", "OVMF_VARS_4M.ms.fd"},
    {secure_boot, "/usr/share/OVMF", "OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.secboot.fd"},
    {secure_boot, "/usr/share/OVMF", "OVMF_CODE.secboot.4m.fd", "OVMF_VARS.4m.fd"},
    {secure_boot, "/usr/share/OVMF", "OVMF_CODE.secboot.fd", "OVMF_VARS.secboot.fd"},
    {secure_boot, "/usr/share/OVMF", "OVMF_CODE.secboot.fd", "OVMF_VARS.fd"},
    {secure_boot, "/usr/share/OVMF", "OVMF_CODE.2MB.fd", "OVMF_VARS.2MB.ms.fd"},
    {secure_boot, "/usr/share/OVMF", "OVMF_CODE.fd", "OVMF_VARS.ms.fd"},
    {secure_boot, "/usr/share/qemu", "ovmf-x86_64-ms-4m-code.bin", "ovmf-x86_64-ms-4m-vars.bin"},
    {secure_boot, "/usr/share/qemu", "edk2-x86_64-secure-code.fd", "edk2-i386-vars.fd"},
    {secure_boot, "/usr/share/edk2/x64", "OVMF_CODE.secure.4m.fd", "OVMF_VARS.4m.fd"},
    {secure_boot, "/usr/share/edk2/x64", "OVMF_CODE.secure.fd", "OVMF_VARS.fd"},
    {secure_boot, "/usr/share/OVMF/x64", "OVMF_CODE.secboot.4m.fd", "OVMF_VARS.4m.fd"},
    {secure_boot, "/usr/share/OVMF/x64", "OVMF_CODE.secboot.fd", "OVMF_VARS.fd"},
    {csm, "/usr/share/seabios", "bios-256k.bin", ""},
    {csm, "/usr/share/qemu", "bios-256k.bin", ""},
    {csm, "/usr/share/qemu", "seabios.bin", ""},
    {csm, "/usr/share/seabios", "bios.bin", ""},
};

}  // namespace

std::vector<Firmware> firmwares(FirmwareUse use) {
  const char* own = getenv("INCUS_EDK2_PATH");
  std::vector<Firmware> preferred, usual;
  auto add = [](std::vector<Firmware>& list, const std::string& folder, const Place& place) {
    std::string code = folder + "/" + place.code, vars = *place.vars ? folder + "/" + place.vars : "";
    if (access(code.c_str(), R_OK) == 0 && (vars.empty() || access(vars.c_str(), R_OK) == 0)) list.push_back({code, vars});
  };
  for (const Place& place : kPlaces) {
    if (place.use != use) continue;
    if (own && *own) add(preferred, own, place);
    add(usual, place.folder, place);
  }
  preferred.insert(preferred.end(), usual.begin(), usual.end());
  return preferred;
}

}  // namespace instance::qemu
