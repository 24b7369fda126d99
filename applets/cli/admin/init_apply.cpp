#include "applets/cli/admin/init.h"
#include "base/reverter.h"

namespace cli {
namespace {

/// One run of a preseed: every change has its undo step.
class Apply {
 public:
  Apply(const Context& ctx, client::Server& server) : ctx_(ctx), server_(server) {}

  Result<> run(const api::InitLocalPreseed& preseed) {
    TRY(server_config(preseed.config));
    for (const auto& project : preseed.projects) TRY(object("/1.0/projects", project.name, api::to_json(project), "project"));
    for (const auto& pool : preseed.storage_pools) TRY(object("/1.0/storage-pools", pool.name, api::to_json(pool), "storage pool"));
    for (const auto& network : preseed.networks) TRY(object("/1.0/networks", network.name, without(api::to_json(network)), "network", network.project));
    for (const auto& volume : preseed.storage_volumes) TRY(storage_volume(volume));
    for (const auto& profile : preseed.profiles) TRY(object("/1.0/profiles", profile.name, without(api::to_json(profile)), "profile", profile.project));
    for (const auto& certificate : preseed.certificates) TRY(post("/1.0/certificates", api::to_json(certificate), ""));
    undo_.commit();
    return {};
  }

 private:
  static Json without(Json body) {
    body.erase("project");
    return body;
  }
  static std::string in_project(const std::string& project) { return project.empty() ? "" : "?project=" + url_escape(project); }

  Result<> send(http::Method method, const std::string& path, const Json& body, const std::string& etag = "") {
    TRY(server_.run(ctx_, method, path, body.is_null() ? "" : api::dump_json(body), etag));
    return {};
  }
  Result<> post(const std::string& path, const Json& body, const std::string& query) { return send(http::Method::post, path + query, body); }

  Result<> server_config(const StringMap& config) {
    if (config.empty()) return {};
    auto now = TRY_CTX(server_.get(ctx_, "/1.0"), "Failed to retrieve current server configuration");
    Json before{{"config", now.metadata["config"]}}, body = before;
    for (const auto& [key, value] : config) body["config"][key] = value;
    TRY_CTX(send(http::Method::put, "/1.0", body, now.etag), "Failed to update server configuration");
    undo_.add("server configuration", [this, before](const Context&) { return send(http::Method::put, "/1.0", before); });
    return {};
  }

  /// Merges what the preseed gives into the object's configuration.
  static Json merged(const Json& now, const Json& wanted) {
    Json body{{"description", wanted.value("description", "").empty() ? now.value("description", "") : wanted.value("description", "")},
              {"config", now.value("config", Json::object())}};
    const Json config = wanted.value("config", Json::object()), devices = wanted.value("devices", Json::object());
    for (const auto& [key, value] : config.items()) body["config"][key] = value;
    if (!now.contains("devices")) return body;
    body["devices"] = now["devices"];
    for (const auto& [name, device] : devices.items()) {
      for (const auto& [key, value] : device.items()) body["devices"][name][key] = value;
    }
    return body;
  }

  /// Creates the object, or updates it where it exists.
  Result<> object(const std::string& collection, const std::string& name, const Json& wanted, const std::string& what, const std::string& project = "") {
    std::string query = in_project(project), path = collection + "/" + url_escape(name) + query;
    auto now = server_.get(ctx_, path);
    if (!now && now.error().code() != Code::not_found) return std::unexpected(now.error().wrap(std::format("Failed to retrieve {} {}", what, quote(name))));
    if (!now) {
      TRY_CTX(post(collection, wanted, query), "Failed to create {} {}", what, quote(name));
      undo_.add(what + " " + name, [this, path](const Context&) { return send(http::Method::delete_, path, nullptr); });
      return {};
    }
    if (wanted.contains("driver") && now->metadata.value("driver", "") != wanted.value("driver", "")) {
      return fail(Code::invalid, "Storage pool {} is of type {} instead of {}", quote(name), quote(now->metadata.value("driver", "")), quote(wanted.value("driver", "")));
    }
    Json before = merged(now->metadata, Json::object());
    TRY_CTX(send(http::Method::put, path, merged(now->metadata, wanted), now->etag), "Failed to update {} {}", what, quote(name));
    undo_.add(what + " " + name, [this, path, before](const Context&) { return send(http::Method::put, path, before); });
    return {};
  }

  Result<> storage_volume(const api::InitStorageVolumesProjectPost& volume) {
    std::string collection = "/1.0/storage-pools/" + url_escape(volume.pool) + "/volumes";
    std::string query = in_project(volume.project), type = volume.type.empty() ? "custom" : volume.type;
    if (server_.get(ctx_, collection + "/" + type + "/" + url_escape(volume.name) + query)) return {};
    Json body = without(api::to_json(volume));
    body.erase("pool");
    body["type"] = type;
    TRY_CTX(post(collection, body, query), "Failed to create storage volume {} on pool {}", quote(volume.name), quote(volume.pool));
    return {};
  }

  const Context& ctx_;
  client::Server& server_;
  Reverter undo_;
};

}  // namespace

Result<> apply_preseed(const Context& ctx, client::Server& server, const api::InitLocalPreseed& preseed) { return Apply(ctx, server).run(preseed); }

}  // namespace cli
