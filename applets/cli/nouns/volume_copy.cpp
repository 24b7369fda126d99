// Copies and moves of custom volumes, and their backup files.
#include <filesystem>

#include "api/types/storage_pool_volume.h"
#include "applets/cli/nouns/volume.h"
#include "applets/cli/transfer.h"
#include "applets/cli/verbs/columns.h"
#include "base/timestamp.h"

namespace cli {

namespace {

/// One end of a copy: `[<remote>:]<pool>/<volume>[/<snapshot>]`.
Result<Volume> end_of(Call& call, const Arg& arg) {
  const Arg& path = arg.object();
  Volume volume{.server = TRY(call.server(arg)), .pool = path.parts[0].text, .name = path.parts[1].text};
  if (path.parts.size() > 2) volume.snapshot = path.parts[2].get();
  return volume;
}

Result<> require_cluster(Call& call, client::Server& server, const char* flag, std::string_view which) {
  if (call.flags.text(flag).empty()) return {};
  const Json* info = TRY(server.info(call.ctx));
  if ((*info)["environment"].value("server_clustered", false)) return {};
  return fail(Code::invalid, "Cannot set --{} when {} server is not clustered", flag, which);
}

/// What the new volume starts as: the source's own record, or its snapshot's configuration.
Result<Json> source_record(Call& call, Volume& from) {
  Json record = TRY(from.server.get(call.ctx, from.path())).metadata;
  if (from.snapshot.empty()) return record;
  Json snapshot = TRY(from.server.get(call.ctx, from.full_path())).metadata;
  record["config"] = snapshot["config"];
  record["description"] = snapshot["description"];
  return record;
}

/// A copy between two servers: `source` becomes a migration the target pulls from.
Result<Json> pull_source(Call& call, Volume& from, const std::string& source_name) {
  if (call.flags.text("mode") != "pull") return fail(Code::unsupported, "Only the pull mode is built for volumes between servers");
  Json request = {{"name", source_name}, {"pool", from.pool}, {"migration", true}};
  if (call.flags.known("volume-only")) request["volume_only"] = call.flags.on("volume-only");
  client::Reply reply = TRY(from.server.query(call.ctx, http::Method::post, from.full_path(), api::dump_json(request)));
  const Json* info = TRY(from.server.info(call.ctx));
  const client::Endpoint& endpoint = from.server.endpoint();
  Json addresses = (*info)["environment"]["addresses"];
  std::string host = endpoint.unix_path.empty() ? std::format("{}:{}", endpoint.host.contains(':') ? "[" + endpoint.host + "]" : endpoint.host, endpoint.port)
                     : addresses.empty()        ? ""
                                                : addresses[0].get<std::string>();
  if (host.empty()) return fail(Code::invalid, "The source server isn't listening on the network");
  Json secrets = Json::object();
  for (const auto& [name, value] : reply.metadata["metadata"].items()) {
    if (value.is_string()) secrets[name] = value;
  }
  return Json{{"type", "migration"}, {"mode", "pull"}, {"name", source_name}, {"pool", from.pool}, {"operation", std::format("https://{}/1.0/operations/{}", host, url_escape(reply.operation))},
              {"secrets", secrets}, {"certificate", member_text((*info)["environment"], "certificate")}};
}

Result<> copy(Call& call, bool move) {
  Volume from = TRY(end_of(call, call.args[0]));
  Volume to = TRY(end_of(call, call.args[1]));
  bool same_server = call.args[0].remote == call.args[1].remote;
  std::string project = call.flags.text("target-project"), destination = call.flags.text("destination-target");
  TRY(require_cluster(call, from.server, "target", "source"));
  TRY(require_cluster(call, to.server, "destination-target", "destination"));
  if (!call.flags.text("target").empty()) from.server = from.server.target(call.flags.text("target"));
  if (!destination.empty()) to.server = to.server.target(destination);
  bool volume_only = call.flags.known("volume-only") && call.flags.on("volume-only");
  if (!from.snapshot.empty() && volume_only) return fail(Code::invalid, "Cannot set --volume-only when copying a snapshot");

  Json record = TRY(source_record(call, from));
  std::string source_name = from.snapshot.empty() ? from.name : from.name + "/" + from.snapshot;
  Progress progress(move ? "Moving the storage volume: {}" : "Copying the storage volume: {}", call.quiet());
  Result<std::optional<api::Operation>> done = std::nullopt;
  if (move && same_server) {
    Json body = {{"name", to.name}, {"pool", to.pool}};
    if (!project.empty()) body["project"] = project;
    done = run_request(call, from.server, http::Method::post, from.path(), api::dump_json(body), "", &progress);
  } else {
    std::string from_project = from.server.project_name().empty() ? "default" : from.server.project_name();
    if (!project.empty()) to.server = to.server.project(project);
    Json body = {{"name", to.name}, {"type", "custom"}, {"config", record["config"]}, {"description", record["description"]}, {"content_type", record["content_type"]}};
    Json source = {{"name", source_name}, {"type", "copy"}, {"pool", from.pool}};
    if (!same_server) source = TRY(pull_source(call, from, source_name));
    else if (!project.empty() && project != from_project) source["project"] = from_project;
    if (same_server && !from.server.target_name().empty()) source["location"] = from.server.target_name();
    source["volume_only"] = volume_only;
    if (!move) {
      source["refresh"] = call.flags.on("refresh");
      source["refresh_exclude_older"] = call.flags.on("refresh-exclude-older");
    }
    body["source"] = source;
    done = run_request(call, to.server, http::Method::post, to.collection() + "/custom", api::dump_json(body), "", &progress);
    if (done && move) {
      auto gone = run_request(call, from.server, http::Method::delete_, from.path());
      if (!gone) done = std::unexpected(std::move(gone.error()).wrap("Failed deleting source volume after copy"));
    }
  }
  if (!done) {
    progress.done();
    return std::unexpected(done.error());
  }
  progress.done(move ? "Storage volume moved successfully!" : "Storage volume copied successfully!");
  return {};
}

}  // namespace

Result<> volume_copy(Call& call) { return copy(call, false); }

Result<> volume_move(Call& call) {
  Volume from = TRY(end_of(call, call.args[0]));
  Volume to = TRY(end_of(call, call.args[1]));
  bool renamed = call.args[0].remote == call.args[1].remote && from.pool == to.pool && call.flags.text("destination-target").empty() && call.flags.text("target-project").empty();
  if (!renamed) return copy(call, true);
  if (!call.flags.text("target").empty()) from.server = from.server.target(call.flags.text("target"));
  TRY(run_request(call, from.server, http::Method::post, from.path(), api::dump_json({{"name", to.name}})));
  call.say(std::format("Renamed storage volume from \"{}\" to \"{}\"", from.name, to.name));
  return {};
}

Result<> volume_export(Call& call) {
  Volume volume = TRY(volume_of(call));
  auto found = volume.server.get(call.ctx, volume.path());
  if (!found) return fail(Code::not_found, "Storage pool volume \"custom/{}\" not found", volume.name);
  Arg target = call.args[2];
  if (target.skipped && member_text(found->metadata, "content_type") == "iso") target = Arg{.text = volume.name + ".iso"};
  Json request = {{"name", ""}, {"expires_at", Timestamp::now().plus(std::chrono::hours(24)).rfc3339()}, {"volume_only", call.flags.on("volume-only")},
                  {"optimized_storage", call.flags.on("optimized-storage")}, {"compression_algorithm", call.flags.text("compression")}};
  return download_backup(call, volume.server, {.collection = volume.path() + "/backups", .request = request, .name = volume.name, .target = &target,
                                               .fetch_problem = "Failed to fetch storage volume backup file"});
}

Result<> volume_import(Call& call) {
  client::Server server = TRY(call.server(call.args[0]));
  if (!call.flags.text("target").empty()) server = server.target(call.flags.text("target"));
  std::string path = call.args[1].text, type = call.flags.text("type"), name = call.args[2].get();
  if (type.empty()) type = to_lower(path).ends_with(".iso") ? "iso" : "backup";
  if (type != "backup" && type != "iso") return fail(Code::invalid, "Import type needs to be \"backup\" or \"iso\"");
  if (type == "iso" && name.empty()) name = std::filesystem::path(path).stem();
  StringMap headers;
  if (!name.empty()) headers["X-Incus-name"] = name;
  if (type == "iso") headers["X-Incus-type"] = "iso";
  return upload_backup(call, server, {.collection = "/1.0/storage-pools/" + url_escape(call.args[0].object().text) + "/volumes/custom", .path = path, .headers = headers,
                                      .progress = "Importing custom volume: {}"});
}

}  // namespace cli
