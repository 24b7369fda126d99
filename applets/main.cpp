// Dispatch only: `incusbox ROLE ARGS…`, or a link named after a role.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <print>

#include "applets/applet.h"
#include "applets/rescue/rescue.h"

#ifdef __GLIBC__
extern "C" int __nss_configure_lookup(const char* database, const char* services);
#endif

namespace {

/// A static program must never load the host's NSS modules: they belong to another glibc.
void pin_name_service() {
  for (const char* database : {"passwd", "group", "shadow", "gshadow", "initgroups", "services", "protocols", "networks", "rpc", "ethers", "netgroup", "aliases", "publickey"}) {
    __nss_configure_lookup(database, "files");
  }
  __nss_configure_lookup("hosts", "files dns");
}

int list_roles() {
  for (const Applet* applet : applets()) {
    if (!(applet->flags & kHidden)) std::println("{:16} {}", applet->name, applet->summary);
  }
  return 0;
}

int install_links(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  for (const Applet* applet : applets()) {
    if (applet->flags & (kHidden | kEarly)) continue;  // early ones are parts of this program that go by its name
    std::filesystem::path link = folder / applet->name;
    std::filesystem::remove(link, error);
    // Beside the binary a relative link, so that the folder can be moved or bind-mounted.
    bool beside = std::filesystem::equivalent(self.parent_path(), folder, error);
    std::filesystem::create_symlink(beside ? self.filename() : self, link, error);
    if (error) {
      std::println(stderr, "incusbox: cannot create {}: {}", link.string(), error.message());
      return 1;
    }
  }
  return 0;
}

int usage(FILE* out, int code) {
  std::println(out, "Usage: incusbox ROLE [ARGUMENT...]\n       incusbox --list | --install DIR\n\nRoles:");
  if (out == stdout) list_roles();
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  pin_name_service();
  signal(SIGPIPE, SIG_IGN);
  std::string self = std::filesystem::path(argc > 0 ? argv[0] : "incusbox").filename();
  Args args(argv + std::min(argc, 1), argv + argc);
  const Applet* applet = find_applet(self);
  if (!applet && !args.empty()) {
    applet = find_applet(args[0]);
    if (applet) args.erase(args.begin());
  }
  if (applet) return applet->run(args);
  if (args.size() == 1 && args[0] == "--list") return list_roles();
  if (args.size() == 2 && args[0] == "--install") return install_links(args[1]);
  // Executed without a role, a bundle does what it was made for.
  if (rescue::self_is_bundle()) return rescue_applet.run(args);
  if (args.size() == 1 && (args[0] == "--help" || args[0] == "-h")) return usage(stdout, 0);
  if (!args.empty()) std::println(stderr, "incusbox: unknown role \"{}\"; `incusbox --list` names them", args[0]);
  return args.empty() ? usage(stdout, 0) : 2;
}
