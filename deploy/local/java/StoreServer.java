import static java.nio.charset.StandardCharsets.UTF_8;

import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.h2.mvstore.MVStore;

/** The embedded document store: speaks MongoDB's wire protocol, in memory or on one durable H2 file. */
public final class StoreServer {
    private static final MongoVersion VERSION = new MongoVersion() {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        /** Current drivers refuse less; what the library itself reports is 8. */
        @Override
        public int getWireVersion() {
            return 13;
        }
    };

    public static void main(String[] arguments) {
        try {
            serve(arguments);
        } catch (RuntimeException failure) {
            // The library's threads would keep a store alive that nobody can reach.
            failure.printStackTrace();
            System.exit(1);
        }
    }

    private static void serve(String[] arguments) {
        if (arguments.length < 2 || !arguments[0].equals("--port")) {
            throw new IllegalArgumentException("usage: StoreServer --port N (--memory | --file PATH)");
        }
        boolean durable = arguments.length == 4 && arguments[2].equals("--file");
        MongoBackend backend = durable ? DurableBackend.open(arguments[3]) : new MemoryBackend();
        MongoServer server = new MongoServer(backend.version(VERSION));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        server.bind("127.0.0.1", Integer.parseInt(arguments[1]));
        System.out.println("listening on " + server.getLocalAddress());
    }

    /** Answers a writing command only after it is in the file, so that killing this process loses nothing. */
    private static final class DurableBackend extends H2Backend {
        private static final Set<String> WRITING = Set.of("insert", "update", "delete", "findandmodify",
                "create", "createindexes", "drop", "dropindexes", "dropdatabase", "renamecollection");
        private static final int COMPACT_EVERY_MILLIS = 250;
        private static final int COMPACT_BELOW_PERCENT_LIVE = 60;
        private static final int COMPACT_BYTES = 1 << 20;
        /** Longer than any scan: a page that a running scan may still read must not be overwritten. */
        private static final int RETENTION_MILLIS = 10_000;

        /** Fair, so that whoever is to commit lines up behind the writers already waiting and commits for them too. */
        private final ReentrantLock file = new ReentrantLock(true);
        private final Object committing = new Object();
        private long written;
        private long committed;

        private DurableBackend(MVStore store) {
            super(store);
        }

        /** Only this class commits: a commit in the midst of a command could keep an index entry without its document. */
        static DurableBackend open(String path) {
            MVStore store = new MVStore.Builder().fileName(path)
                    .autoCommitDisabled().autoCommitBufferSize(0).open();
            store.setRetentionTime(RETENTION_MILLIS);
            DurableBackend backend = new DurableBackend(store);
            Thread compaction = new Thread(backend::compactForever, "compaction");
            compaction.setDaemon(true);
            compaction.start();
            return backend;
        }

        @Override
        public Document handleCommand(Channel channel, String database, String command, Document query) {
            if (!WRITING.contains(command.toLowerCase(Locale.ROOT))) {
                return super.handleCommand(channel, database, command, query);
            }
            long mine;
            Document answer;
            file.lock();
            try {
                answer = super.handleCommand(channel, database, command, query);
                mine = ++written;
            } finally {
                file.unlock();
            }
            commitUpTo(mine);
            return answer;
        }

        private void commitUpTo(long mine) {
            synchronized (committing) {
                if (committed >= mine) {
                    return;
                }
                file.lock();
                try {
                    getMvStore().commit();
                    committed = written;
                } finally {
                    file.unlock();
                }
            }
        }

        private void compactForever() {
            while (!getMvStore().isClosed()) {
                file.lock();
                try {
                    getMvStore().compact(COMPACT_BELOW_PERCENT_LIVE, COMPACT_BYTES);
                } finally {
                    file.unlock();
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(COMPACT_EVERY_MILLIS));
            }
        }
    }
}
