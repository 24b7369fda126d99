// tpm: an emulated Trusted Platform Module for virtual machines, served by swtpm; its state lies in the instance's volume.
#include <sys/stat.h>
#include <unistd.h>

#include "device/disk_machine.h"
#include "device/roles.h"
#include "device/services.h"
#include "device/tpm_provision.h"
#include "network/network.h"
#include "sys/background.h"
#include "sys/spawn.h"

namespace device {
namespace {

constexpr config::Key kKeys[] = {
    {.name = "path", .group = "tpm", .required = "for containers", .summary = "Containers only: path of the TPM inside"},
    {.name = "pathrm", .group = "tpm", .required = "for containers", .summary = "Containers only: path of the TPM's resource manager inside"},
};

class Tpm : public Device, public FixedAtStart {
 public:
  Tpm(Services& services, Host& host, std::string name, StringMap config) : services_(services), host_(host), name_(std::move(name)), config_(std::move(config)) {}

  bool fixed() const override { return true; }

  Result<> validate() override {
    TRY(check_keys(kKeys, config_));
    if (host_.is_container() && !host_.name().empty()) return fail(Code::unsupported, "TPM devices are only supported by virtual machines on this server");
    return {};
  }

  Result<RunConfig> start(const Context& ctx) override {
    if (!sys::find_program("swtpm")) return fail(Code::unsupported, "Required tool 'swtpm' is missing: install swtpm");
    std::string state = machine_volume(host_) + "/tpm." + name_;
    TRY(stop(ctx));
    TRY(provision_tpm(ctx, state, host_.run_path() + "/swtpm-setup-" + path_name(name_), services_.networks.environment().server_config()));
    // The socket's name is relative, in the folder that QEMU starts in too: paths of sockets have room for 107 bytes.
    sys::SpawnSpec spec{.argv = {"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + state, "--ctrl", "type=unixio,path=" + socket()},
                        .cwd = host_.run_path(), .new_session = true};
    auto child = TRY_CTX(sys::spawn(spec), "Failed to start swtpm");
    TRY(sys::Background(pid_file()).adopt(std::move(child)));
    TRY(await_socket(ctx));
    RunConfig run;
    run.tpms.push_back({.device = name_, .socket = socket()});
    return run;
  }

  Result<> stop(const Context& ctx) override {
    TRY(sys::Background(pid_file()).stop(ctx));
    unlink((host_.run_path() + "/" + socket()).c_str());
    return {};
  }

 private:
  std::string socket() const { return "swtpm-" + path_name(name_) + ".sock"; }
  std::string pid_file() const { return host_.run_path() + "/swtpm-" + path_name(name_) + ".pid"; }

  Result<> await_socket(const Context& ctx) const {
    Context patient = ctx.with_timeout(seconds(5));
    struct stat info;
    while (stat((host_.run_path() + "/" + socket()).c_str(), &info) != 0) {
      if (!sys::Background(pid_file()).running()) return fail(Code::internal, "swtpm ended right after its start");
      TRY_CTX(patient.sleep(milliseconds(5)), "swtpm does not come up");
    }
    return {};
  }

  Services& services_;
  Host& host_;
  std::string name_;
  StringMap config_;
};

}  // namespace

extern const device::Type tpm_type = {
    .name = "tpm",
    .create = [](Services& services, Host& host, const std::string& name, const StringMap& config) -> std::unique_ptr<Device> { return std::make_unique<Tpm>(services, host, name, config); },
    .keys = [](const StringMap&) -> config::Keys { return kKeys; },
};

}  // namespace device
