/* limit: as early as a process can start N others, and as cheaply. The C limit.
 *
 *     limit PERIOD OFFSET exec|sh FILE
 *
 * FILE holds one command a line. At every multiple of PERIOD milliseconds since the epoch, plus
 * OFFSET, all of them are started with posix_spawn, each in its own session with its streams on
 * /dev/null, and waited for. exec: the words between blanks; sh: through /bin/sh -c. Nothing is
 * written down, captured or timed out.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

#define MOST_WORDS 16

struct command { char *words[MOST_WORDS]; };

static void *or_die(void *found, const char *what)
{
    if (!found) {
        perror(what);
        exit(1);
    }
    return found;
}

static struct command *parse(char *line, int through_shell)
{
    struct command *command = or_die(calloc(1, sizeof *command), "memory");
    int count = 0;
    if (through_shell) {
        command->words[count++] = "/bin/sh";
        command->words[count++] = "-c";
        command->words[count++] = line;
        return command;
    }
    for (char *word = strtok(line, " "); word && count < MOST_WORDS - 1; word = strtok(NULL, " "))
        command->words[count++] = word;
    return command;
}

static size_t read_commands(const char *path, int through_shell, struct command ***commands)
{
    FILE *file = or_die(fopen(path, "r"), path);
    char *line = NULL;
    size_t count = 0, room = 0;
    ssize_t length;
    *commands = NULL;
    while ((length = getline(&line, &room, file)) > 0) {
        if (line[length - 1] == '\n')
            line[length - 1] = 0;
        *commands = or_die(realloc(*commands, (count + 1) * sizeof **commands), "memory");
        (*commands)[count++] = parse(or_die(strdup(line), "memory"), through_shell);
    }
    free(line);
    fclose(file);
    return count;
}

static void sleep_until_due(long long period, long long offset)
{
    struct timespec now, due;
    clock_gettime(CLOCK_REALTIME, &now);
    long long ms = now.tv_sec * 1000LL + now.tv_nsec / 1000000;
    long long next = ((ms - offset) / period + 1) * period + offset;
    due.tv_sec = next / 1000;
    due.tv_nsec = next % 1000 * 1000000;
    while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &due, NULL))
        ;
}

int main(int count, char **words)
{
    if (count != 5) {
        fprintf(stderr, "usage: limit PERIOD OFFSET exec|sh FILE (milliseconds)\n");
        return 2;
    }
    struct command **commands;
    size_t due = read_commands(words[4], !strcmp(words[3], "sh"), &commands);
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    posix_spawn_file_actions_t streams;
    posix_spawnattr_t session;
    posix_spawn_file_actions_init(&streams);
    for (int stream = 0; stream < 3; stream++)
        posix_spawn_file_actions_adddup2(&streams, nowhere, stream);
    posix_spawnattr_init(&session);
    posix_spawnattr_setflags(&session, POSIX_SPAWN_SETSID);
    for (;;) {
        sleep_until_due(atoll(words[1]), atoll(words[2]));
        for (size_t i = 0; i < due; i++) {
            char **argv = commands[i]->words;
            if (posix_spawn(NULL, argv[0], &streams, &session, argv, environ))
                perror(argv[0]);
            while (waitpid(-1, NULL, WNOHANG) > 0)
                ;
        }
        while (waitpid(-1, NULL, 0) > 0)
            ;
    }
}
