// A synchronous gRPC server with a bounded number of threads, as TensorFlow Serving has one, and callers of it.
//
//   grpc_pool serve THREADS MILLISECONDS   prints its port; answers each call after so many milliseconds, until stdin ends
//   grpc_pool call PORT CALLERS SECONDS    prints: answered, refused, failed, and milliseconds p50, p99, slowest
//
// A caller sends one call after the other, on one of 16 connections. Everything is on 127.0.0.1.

#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/support/method_handler.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr char kMethod[] = "/bench.Pool/Wait";
constexpr int kConnections = 16;

class Pool final : public grpc::Service {
 public:
  explicit Pool(int milliseconds) {
    auto wait = [milliseconds](Pool*, grpc::ServerContext*, const grpc::ByteBuffer*, grpc::ByteBuffer* answer) {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      const grpc::Slice slice("answered");
      *answer = grpc::ByteBuffer(&slice, 1);
      return grpc::Status::OK;
    };
    using Handler = grpc::internal::RpcMethodHandler<Pool, grpc::ByteBuffer, grpc::ByteBuffer>;
    AddMethod(new grpc::internal::RpcServiceMethod(kMethod, grpc::internal::RpcMethod::NORMAL_RPC,
                                                   new Handler(wait, this)));
  }
};

int Serve(int threads, int milliseconds) {
  Pool pool(milliseconds);
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(threads);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.SetResourceQuota(quota);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&pool);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::cout << port << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
  server->Shutdown();
  return 0;
}

struct Figures {
  std::mutex lock;
  std::vector<double> milliseconds;
  long refused = 0;
  long failed = 0;
};

void Call(const std::shared_ptr<grpc::Channel>& channel, Clock::time_point end, Figures* figures) {
  const grpc::internal::RpcMethod method(kMethod, grpc::internal::RpcMethod::NORMAL_RPC, channel);
  const grpc::Slice slice("asked");
  const grpc::ByteBuffer request(&slice, 1);
  std::vector<double> answered;
  long refused = 0;
  long failed = 0;
  while (Clock::now() < end) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    grpc::ByteBuffer answer;
    const auto begun = Clock::now();
    const grpc::Status status = grpc::internal::BlockingUnaryCall(channel.get(), method, &context, request, &answer);
    if (status.ok()) {
      answered.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
    } else if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
      ++refused;
    } else {
      ++failed;
    }
  }
  const std::lock_guard<std::mutex> guard(figures->lock);
  figures->milliseconds.insert(figures->milliseconds.end(), answered.begin(), answered.end());
  figures->refused += refused;
  figures->failed += failed;
}

int Ask(const std::string& port, int callers, int seconds) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < std::min(kConnections, callers); ++i) {
    grpc::ChannelArguments own;
    own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channels.push_back(grpc::CreateCustomChannel("127.0.0.1:" + port, grpc::InsecureChannelCredentials(), own));
    channels.back()->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10));
  }
  Figures figures;
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back(Call, channels[i % channels.size()], end, &figures);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::vector<double>& found = figures.milliseconds;
  std::sort(found.begin(), found.end());
  const auto at = [&found](double part) { return found.empty() ? 0.0 : found[static_cast<size_t>(part * (found.size() - 1))]; };
  std::cout << found.size() << " " << figures.refused << " " << figures.failed << " " << at(0.5) << " " << at(0.99)
            << " " << at(1) << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> given(argv + 1, argv + argc);
  if (given.size() == 3 && given[0] == "serve") {
    return Serve(std::stoi(given[1]), std::stoi(given[2]));
  }
  if (given.size() == 4 && given[0] == "call") {
    return Ask(given[1], std::stoi(given[2]), std::stoi(given[3]));
  }
  std::cerr << "grpc_pool serve THREADS MILLISECONDS | grpc_pool call PORT CALLERS SECONDS" << std::endl;
  return 2;
}
