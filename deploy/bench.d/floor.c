// The two floors of deploy/bench: what reading the bytes costs with nothing behind it, and what decoding the keyframes
// costs with nothing before it.
//
//   floor read URLS SECONDS INTERVAL_MS   opens every rtsp:// URL of the file (one a line), reads and throws away;
//                                         INTERVAL_MS 0 reads whenever epoll says so, else each socket so often
//   floor decode CLIP SECONDS RATE        decodes the clip's keyframes in a loop, RATE of them a second; 0: without rest
//
// Prints one JSON object. Linux; needs libavformat and libavcodec.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 16];

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what, const char *where)
{
    fprintf(stderr, "floor: %s: %s (%s)\n", where, what, errno ? strerror(errno) : "protocol");
    exit(1);
}

/// Sends a request and reads its answer with its body; leaves nothing unread but media.
static void ask(int socket, const char *url, const char *request, char *answer, size_t size)
{
    if (write(socket, request, strlen(request)) != (ssize_t)strlen(request)) fail("write", url);
    size_t used = 0, wanted = 0;
    while (used + 1 < size) {
        ssize_t got = read(socket, answer + used, wanted ? wanted - used : 1);
        if (got <= 0) fail("no answer", url);
        used += got;
        answer[used] = 0;
        char *end = strstr(answer, "\r\n\r\n");
        if (!end) continue;
        if (!wanted) {
            char *length = strcasestr(answer, "\r\nContent-Length:");
            wanted = (end + 4 - answer) + (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
        }
        if (used >= wanted) return;
    }
    fail("the answer is too long", url);
}

static int open_camera(char *url)
{
    url[strcspn(url, "\r\n")] = 0;
    char host[64], answer[8192], request[1024];
    int port = 554;
    if (sscanf(url, "rtsp://%63[0-9.]:%d", host, &port) < 1) fail("rtsp://ADDRESS:PORT/… is wanted", url);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect", url);
    snprintf(request, sizeof request, "DESCRIBE %s RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n", url);
    ask(fd, url, request, answer, sizeof answer);
    char control[128] = "", *video = strstr(answer, "m=video");
    char *line = video ? strstr(video, "a=control:") : NULL;
    if (line) sscanf(line + 10, "%127[^\r\n]", control);
    snprintf(request, sizeof request,
             "SETUP %s/%s RTSP/1.0\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n", url, control);
    ask(fd, url, request, answer, sizeof answer);
    char session[128] = "", *header = strcasestr(answer, "\r\nSession:");
    if (header) sscanf(header + 10, " %127[^;\r\n]", session);
    snprintf(request, sizeof request, "PLAY %s RTSP/1.0\r\nCSeq: 3\r\nSession: %s\r\n\r\n", url, session);
    ask(fd, url, request, answer, sizeof answer);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static long drain(int fd)
{
    long total = 0;
    ssize_t got;
    while ((got = read(fd, buffer, sizeof buffer)) > 0) {
        total += got;
        if (got < (ssize_t)sizeof buffer) break;
    }
    if (got == 0) fail("closed by the camera", "read");
    return total;
}

static long read_by_interval(const int *sockets, int count, double until, int interval)
{
    long bytes = 0;
    int ticks = interval / 10 > 0 ? interval / 10 : 1;
    double next = seconds(CLOCK_MONOTONIC);
    for (int tick = 0; next < until; tick++) {
        for (int i = tick % ticks; i < count; i += ticks) bytes += drain(sockets[i]);
        next += 0.01;
        double wait = next - seconds(CLOCK_MONOTONIC);
        if (wait > 0) usleep(wait * 1e6);
    }
    return bytes;
}

static long read_by_epoll(const int *sockets, int count, double until)
{
    long bytes = 0;
    int poll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = sockets[i]};
        epoll_ctl(poll, EPOLL_CTL_ADD, sockets[i], &event);
    }
    struct epoll_event events[512];
    while (seconds(CLOCK_MONOTONIC) < until) {
        int ready = epoll_wait(poll, events, 512, 100);
        for (int i = 0; i < ready; i++) bytes += drain(events[i].data.fd);
    }
    return bytes;
}

static int floor_read(const char *file, double length, int interval)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    FILE *list = fopen(file, "r");
    if (!list) fail("open", file);
    int *sockets = NULL, count = 0;
    char url[512];
    while (fgets(url, sizeof url, list)) {
        if (url[0] == '\n') continue;
        sockets = realloc(sockets, (count + 1) * sizeof *sockets);
        sockets[count++] = open_camera(url);
    }
    fclose(list);
    for (int i = 0; i < count; i++) drain(sockets[i]);
    double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    long bytes = interval ? read_by_interval(sockets, count, start + length, interval)
                          : read_by_epoll(sockets, count, start + length);
    double wall = seconds(CLOCK_MONOTONIC) - start;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"cameras\":%d,\"bytes\":%ld,\"wall_s\":%.3f,\"cpu_s\":%.3f,\"cpu_percent_per_camera\":%.6f}\n", count,
           bytes, wall, cpu, cpu / wall * 100 / count);
    return 0;
}

static AVCodecContext *make_decoder(const AVCodecParameters *parameters)
{
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    AVCodecContext *context = avcodec_alloc_context3(codec);
    avcodec_parameters_to_context(context, parameters);
    context->thread_count = 1;
    context->skip_loop_filter = AVDISCARD_ALL;
    if (avcodec_open2(context, codec, NULL) < 0) fail("avcodec_open2", "decoder");
    return context;
}

static void sleep_until(double due)
{
    double rest = due - seconds(CLOCK_MONOTONIC);
    if (rest > 0) usleep((useconds_t)(rest * 1e6));
}

static int floor_decode(const char *file, double length, double rate)
{
    AVFormatContext *input = NULL;
    if (avformat_open_input(&input, file, NULL, NULL) < 0) fail("cannot be opened", file);
    avformat_find_stream_info(input, NULL);
    int video = av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (video < 0) fail("no video", file);
    AVPacket *keyframes[256];
    int count = 0;
    long bytes = 0;
    AVPacket *packet = av_packet_alloc();
    while (count < 256 && av_read_frame(input, packet) >= 0) {
        if (packet->stream_index == video && packet->flags & AV_PKT_FLAG_KEY) {
            keyframes[count++] = av_packet_clone(packet);
            bytes += packet->size;
        }
        av_packet_unref(packet);
    }
    if (!count) fail("no keyframe", file);
    AVCodecContext *decoder = make_decoder(input->streams[video]->codecpar);
    AVFrame *frame = av_frame_alloc();
    long decoded = 0;
    double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    while (seconds(CLOCK_MONOTONIC) - start < length) {
        if (rate > 0) sleep_until(start + decoded / rate);
        avcodec_flush_buffers(decoder);
        if (avcodec_send_packet(decoder, keyframes[decoded % count]) < 0) fail("does not decode", file);
        avcodec_send_packet(decoder, NULL);
        while (avcodec_receive_frame(decoder, frame) == 0) av_frame_unref(frame);
        decoded++;
    }
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"keyframes\":%ld,\"mean_bytes\":%ld,\"cpu_s\":%.3f,\"ms_per_keyframe\":%.4f}\n", decoded, bytes / count,
           cpu, cpu * 1000 / decoded);
    return 0;
}

int main(int count, char **words)
{
    if (count == 5 && !strcmp(words[1], "read")) return floor_read(words[2], atof(words[3]), atoi(words[4]));
    if (count == 5 && !strcmp(words[1], "decode")) return floor_decode(words[2], atof(words[3]), atof(words[4]));
    fprintf(stderr, "usage: floor read URLS SECONDS INTERVAL_MS | floor decode CLIP SECONDS RATE\n");
    return 2;
}
