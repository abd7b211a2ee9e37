import de.bwaldvogel.mongo.MongoBackend;
import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import de.bwaldvogel.mongo.wire.message.MongoQuery;
import io.netty.channel.Channel;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.h2.mvstore.MVStoreException;

/**
 * Answers a command only after all that it wrote or may have seen is in the file, so that killing this process
 * loses nothing that anybody knows of. A write that the file cannot take is refused and leaves no trace.
 */
final class DurableBackend implements MongoBackend {
    private static final Set<String> WRITING = Set.of("insert", "update", "delete", "findandmodify",
            "create", "createindexes", "drop", "dropindexes", "dropdatabase", "renamecollection");
    private static final Set<String> READING = Set.of("find", "count", "distinct", "aggregate", "listcollections",
            "listindexes", "listdatabases", "dbstats", "collstats", "validate");
    private static final int COMPACT_EVERY_MILLIS = 250;
    private static final int COMPACT_BELOW_PERCENT_LIVE = 60;
    private static final int COMPACT_BYTES = 1 << 20;

    private final String path;
    private final MongoVersion version;
    /** Fair, so that whoever is to commit lines up behind the writers already waiting and commits for them too. */
    private final ReentrantLock file = new ReentrantLock(true);
    private final Object committing = new Object();
    private volatile OpenFile open;
    private volatile boolean closing;

    DurableBackend(String path, MongoVersion version) {
        this.path = path;
        this.version = version;
        open = new OpenFile(path, version);
        Thread compaction = new Thread(this::compactForever, "compaction");
        compaction.setDaemon(true);
        compaction.start();
    }

    @Override
    public Document handleCommand(Channel channel, String database, String command, Document query) {
        String asked = StoreServer.known(command);
        String name = asked.toLowerCase(Locale.ROOT);
        Function<MongoBackend, Document> work = backend -> backend.handleCommand(channel, database, asked, query);
        try {
            if (WRITING.contains(name) || name.equals("aggregate") && writes(query)) {
                return write(Touched.by(database, name, query), work);
            }
            return READING.contains(name) ? read(Touched.by(database, name, query), work) : work.apply(open.backend);
        } catch (Refused refused) {
            // Thrown on, the library would log the whole command, personal words and all.
            return refused.answer();
        }
    }

    private static boolean writes(Document aggregate) {
        return ((Collection<?>) aggregate.get("pipeline")).stream()
                .anyMatch(stage -> ((Document) stage).containsKey("$out") || ((Document) stage).containsKey("$merge"));
    }

    private <T> T write(List<String> documents, Function<MongoBackend, T> work) {
        OpenFile mine = null;
        long number = 0;
        try {
            file.lock();
            try {
                mine = current();
                number = mine.begin(documents);
                return work.apply(mine.backend);
            } catch (MVStoreException failure) {
                // Half a command may have been carried out.
                reopen(failure);
                throw Refused.write(failure);
            } finally {
                file.unlock();
            }
        } finally {
            // An error, such as a duplicate key, also tells of what others have written.
            if (mine != null) {
                commit(mine, number);
            }
        }
    }

    private <T> T read(List<String> documents, Function<MongoBackend, T> work) {
        while (true) {
            OpenFile seen = open;
            try {
                T answer = found(seen, work);
                commit(seen, seen.newest(documents));
                return answer;
            } catch (Refused failure) {
                // What was seen may be lost. It is read again from what replaced it, unless nothing did.
                recover(seen, failure);
            }
        }
    }

    private void recover(OpenFile seen, Refused failure) {
        file.lock();
        try {
            if (current() == seen) {
                throw failure;
            }
        } finally {
            file.unlock();
        }
    }

    /** What is read; once more while nobody writes if a page was overwritten, as happens to a scan that takes long. */
    private <T> T found(OpenFile seen, Function<MongoBackend, T> work) {
        try {
            return work.apply(seen.backend);
        } catch (MVStoreException overtaken) {
            file.lock();
            try {
                return work.apply(seen.backend);
            } catch (MVStoreException failure) {
                throw Refused.read(failure);
            } finally {
                file.unlock();
            }
        }
    }

    /** Return once the first `number` commands begun in `mine` are in the file; Refused if they never will be. */
    private void commit(OpenFile mine, long number) {
        if (mine.has(number)) {
            return;
        }
        synchronized (committing) {
            if (mine.has(number)) {
                return;
            }
            file.lock();
            try {
                if (mine.failure != null) {
                    throw Refused.write(mine.failure);
                }
                commitAll(mine);
            } finally {
                file.unlock();
            }
        }
    }

    private void commitAll(OpenFile mine) {
        long attempted = mine.store.getCurrentVersion() + 1;
        try {
            mine.store.commit();
        } catch (MVStoreException failure) {
            reopen(failure);
            // The last of it may have failed after the commit itself was in the file; then it stands.
            if (open == mine || open.store.getCurrentVersion() < attempted) {
                throw Refused.write(failure);
            }
        }
        mine.committed();
    }

    private OpenFile current() {
        if (open.failure != null && !closing) {
            try {
                open = new OpenFile(path, version);
            } catch (MVStoreException failure) {
                throw Refused.write(failure);
            }
        }
        return open;
    }

    /** Go back to what was committed last. */
    private void reopen(MVStoreException failure) {
        System.err.println("the file could not be written and is opened again: " + Refused.reason(failure));
        open.store.closeImmediately();
        open.failure = failure;
        try {
            current();
        } catch (Refused stillNot) {
            System.err.println("it could not be opened: " + stillNot.getMessage());
        }
    }

    private void compactForever() {
        while (!closing) {
            file.lock();
            try {
                current().store.compact(COMPACT_BELOW_PERCENT_LIVE, COMPACT_BYTES);
            } catch (MVStoreException failure) {
                if (!closing) {
                    reopen(failure);
                }
            } catch (Refused stillNot) {
                // Whoever asks for something tries to open it too, and is told.
            } finally {
                file.unlock();
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(COMPACT_EVERY_MILLIS));
        }
    }

    @Override
    public Document handleMessage(MongoMessage message) {
        Document query = message.getDocument();
        return handleCommand(message.getChannel(), message.getDatabaseName(), query.keySet().iterator().next(), query);
    }

    @Override
    public QueryResult handleQuery(MongoQuery query) {
        return read(null, backend -> backend.handleQuery(query));
    }

    @Override
    public void dropDatabase(String database) {
        write(null, backend -> {
            backend.dropDatabase(database);
            return null;
        });
    }

    @Override
    public void close() {
        closing = true;
        open.backend.close();
    }

    @Override
    public void handleClose(Channel channel) {
        open.backend.handleClose(channel);
    }

    @Override
    public Collection<Document> getCurrentOperations(MongoQuery query) {
        return open.backend.getCurrentOperations(query);
    }

    @Override
    public Document getServerStatus() {
        return open.backend.getServerStatus();
    }

    @Override
    public void closeCursors(List<Long> cursors) {
        open.backend.closeCursors(cursors);
    }

    @Override
    public Clock getClock() {
        return open.backend.getClock();
    }

    @Override
    public void enableOplog() {
        throw new UnsupportedOperationException("there are no change streams here");
    }

    @Override
    public void disableOplog() {
        // There is none.
    }

    @Override
    public MongoDatabase resolveDatabase(String database) {
        return open.backend.resolveDatabase(database);
    }

    @Override
    public MongoBackend version(MongoVersion other) {
        throw new UnsupportedOperationException("the version is given when the file is opened");
    }
}
