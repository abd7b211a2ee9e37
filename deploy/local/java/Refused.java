import de.bwaldvogel.mongo.bson.Document;
import org.h2.mvstore.MVStoreException;

/** The file does not take a write, mostly because the disk is full; nothing of it is kept. */
final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    /** What MongoDB answers in such a case. */
    private static final int OUT_OF_DISK_SPACE = 14_031;

    Refused(MVStoreException failure) {
        super(reason(failure), failure);
    }

    static String reason(Throwable failure) {
        Throwable first = failure;
        while (first.getCause() != null) {
            first = first.getCause();
        }
        return String.valueOf(first.getMessage());
    }

    Document answer() {
        return new Document("ok", 0).append("code", OUT_OF_DISK_SPACE).append("codeName", "OutOfDiskSpace")
                .append("errmsg", "cannot write: " + getMessage());
    }
}
