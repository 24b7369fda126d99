// `incus export` and `incus import`: instances as backup files.
#include "applets/cli/input.h"
#include "applets/cli/instance/common.h"
#include "applets/cli/transfer.h"

namespace cli {
namespace {

Result<> run_export(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  const std::string& name = call.args[0].object().text;
  Json request{{"name", ""}, {"instance_only", call.flags.on("instance-only")}, {"root_only", call.flags.on("root-only")},
               {"optimized_storage", call.flags.on("optimized-storage")}, {"compression_algorithm", call.flags.text("compression")}};
  return download_backup(call, server, {.collection = instance_url(name, "/backups"), .request = request, .name = name, .target = &call.args[1],
                                        .fetch_problem = "Fetch instance backup file"});
}

Result<> run_import(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  StringMap headers;
  if (std::string pool = call.flags.text("storage"); !pool.empty()) headers["X-Incus-pool"] = pool;
  if (std::string name = call.args[2].get(); !name.empty()) headers["X-Incus-name"] = name;
  TRY(parse_pairs(call.flags.list("config")));  // refused here, where the user sees which one
  TRY(parse_device_overrides(call.flags.list("device")));
  if (StringList config = call.flags.list("config"); !config.empty()) headers["X-Incus-config"] = join(config, " ");
  if (StringList devices = call.flags.list("device"); !devices.empty()) headers["X-Incus-devices"] = join(devices, " ");
  return upload_backup(call, server, {.collection = "/1.0/instances", .path = call.args[1].text, .headers = headers, .progress = "Importing instance: {}"});
}

constexpr Flag kExportFlags[] = {{"compression", FlagKind::text, "Compressor (none for none)"},
                                 {"force|f", FlagKind::boolean, "Overwrite an existing file"},
                                 {"instance-only", FlagKind::boolean, "Leave the snapshots out"},
                                 {"optimized-storage", FlagKind::boolean, "Use the storage driver's own format (for pools of the same driver)"},
                                 {"root-only", FlagKind::boolean, "Leave dependent volumes out"}};
constexpr Flag kImportFlags[] = {{"config|c", FlagKind::list, "Configuration key/value of the instance (repeatable)"},
                                 {"device|d", FlagKind::list, "Key/value of one device, as device,key=value (repeatable)"},
                                 {"storage|s", FlagKind::text, "Storage pool for the instance"}};
constexpr Command kExport[] = {{.path = "export", .usage = "[<remote>:]<instance> [<target file>]", .summary = "Write an instance to a backup file",
                                .run = run_export, .flags = kExportFlags}};
constexpr Command kImport[] = {{.path = "import", .usage = "[<remote>:] <backup file> [<new instance name>]", .summary = "Make an instance from a backup file",
                                .run = run_import, .flags = kImportFlags}};

}  // namespace

extern const CommandTable export_commands = kExport;
extern const CommandTable import_commands = kImport;

}  // namespace cli
