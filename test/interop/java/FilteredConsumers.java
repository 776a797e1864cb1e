import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Every kind of official consumer with SQL92 selectors, against the NameServer of the first argument. Prints a line for each step
 * with what came of it, to be compared between brokers: nothing in it depends on queues, ids or time.
 */
public final class FilteredConsumers {
    private static final String EXPRESSION = "(n >= 3 AND kind = 'even') OR TAGS = 'TagA' OR note CONTAINS 'x'";
    private static final long PATIENCE_MS = 60_000;
    private static final PrintStream OUT = System.out;
    private static String namesrv;
    private static String topic;

    public static void main(String[] args) throws Exception {
        namesrv = args[0];
        topic = args[1];
        // 4.9 does not know the words of 5.x; what it makes of them is another test's.
        String expression = args[2].equals("4.9.7") ? EXPRESSION.replace(" OR note CONTAINS 'x'", "") : EXPRESSION;
        System.setOut(System.err);
        DefaultMQProducer producer = new DefaultMQProducer("filtered-producers");
        producer.setNamesrvAddr(namesrv);
        producer.setSendMsgTimeout(20_000);
        producer.start();
        for (int i = 0; i < 12; i++) {
            Message message = message("m" + i, i == 1 ? "TagA" : "TagB", i);
            if (i == 8) {
                message.putUserProperty("fail", "1");
            }
            send(producer, message, i);
        }
        List<String> expected = new ArrayList<>(List.of("m1", "m10", "m4", "m6", "m8", "m8 again"));
        push(producer, expression, expected);
        step("lite pull", () -> litePull("filtered-lite", expression, 6));
        step("lite pull, wrong", () -> litePull("filtered-lite-wrong", "n >", 14));
        DefaultMQPullConsumer pull = new DefaultMQPullConsumer("filtered-pull");
        pull.setNamesrvAddr(namesrv);
        pull.setRegisterTopics(Collections.singleton(topic));
        pull.start();
        step("pull", () -> pullAll(pull, MessageSelector.bySql(expression)));
        step("pull, wrong", () -> pullAll(pull, MessageSelector.bySql("n > 'x'")));
        step("pull, nothing", () -> pullAll(pull, MessageSelector.bySql("FALSE")));
        step("pull by tag", () -> pullAll(pull, MessageSelector.byTag("TagA")));
        for (String wrong : new String[] {"n >", "n = NULL"}) {
            step("push, wrong " + wrong, () -> startPush("filtered-wrong", wrong, new TreeSet<>()).getConsumerGroup());
        }
        System.exit(0);
    }

    private static Message message(String body, String tag, int n) {
        Message message = new Message(topic, tag, "key" + n, body.getBytes(StandardCharsets.UTF_8));
        message.putUserProperty("n", String.valueOf(n));
        message.putUserProperty("kind", n % 2 == 0 ? "even" : "odd");
        return message;
    }

    /** Which message is in which queue is the same everywhere. */
    private static void send(DefaultMQProducer producer, Message message, int number) throws Exception {
        producer.send(message, (queues, m, n) -> queues.get((Integer) n % queues.size()), number);
    }

    private static void step(String name, Callable<Object> run) {
        String outcome;
        try {
            outcome = String.valueOf(run.call());
        } catch (MQBrokerException e) {
            outcome = "MQBrokerException " + e.getResponseCode();
        } catch (MQClientException e) {
            outcome = "MQClientException " + e.getResponseCode() + causeOf(e);
        } catch (Throwable t) {
            outcome = t.getClass().getSimpleName();
        }
        OUT.println(name + ": " + outcome);
        OUT.flush();
    }

    private static String causeOf(Throwable t) {
        return t.getCause() instanceof MQBrokerException ? " from " + ((MQBrokerException) t.getCause()).getResponseCode() : "";
    }

    private static DefaultMQPushConsumer startPush(String group, String expression, TreeSet<String> got) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(namesrv);
        // The retry topic comes into being with the consumer; by default it is found half a minute later.
        consumer.setPollNameServerInterval(1000);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, MessageSelector.bySql(expression));
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            MessageExt message = messages.get(0);
            context.setDelayLevelWhenNextConsume(1);
            synchronized (got) {
                got.add(new String(message.getBody(), StandardCharsets.UTF_8) + (message.getReconsumeTimes() > 0 ? " again" : ""));
            }
            boolean fails = message.getUserProperty("fail") != null && message.getReconsumeTimes() == 0;
            return fails ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        try {
            consumer.start();
        } catch (MQClientException e) {
            consumer.shutdown();
            throw e;
        }
        return consumer;
    }

    /** The messages of before, one of them twice, and then two that find a pull waiting. */
    private static void push(DefaultMQProducer producer, String expression, List<String> expected) {
        TreeSet<String> got = new TreeSet<>();
        step("push", () -> {
            DefaultMQPushConsumer consumer = startPush("filtered-push", expression, got);
            // All but the one that comes again.
            await(got, expected.size() - 1);
            send(producer, message("late, no", "TagB", 1), 3);
            send(producer, message("late, yes", "TagB", 100), 3);
            await(got, expected.size() + 1);
            consumer.shutdown();
            return text(got);
        });
    }

    private static String text(TreeSet<String> got) {
        synchronized (got) {
            return got.toString();
        }
    }

    private static void await(TreeSet<String> got, int count) throws InterruptedException {
        long end = System.currentTimeMillis() + PATIENCE_MS;
        while (System.currentTimeMillis() < end) {
            synchronized (got) {
                if (got.size() >= count) {
                    return;
                }
            }
            Thread.sleep(20);
        }
    }

    private static Object litePull(String group, String expression, int count) throws Exception {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(group);
        consumer.setNamesrvAddr(namesrv);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, MessageSelector.bySql(expression));
        consumer.start();
        TreeSet<String> got = new TreeSet<>();
        long end = System.currentTimeMillis() + PATIENCE_MS;
        while (got.size() < count && System.currentTimeMillis() < end) {
            for (MessageExt message : consumer.poll(200)) {
                got.add(new String(message.getBody(), StandardCharsets.UTF_8));
            }
        }
        consumer.shutdown();
        return got;
    }

    /** Until the first heartbeat was answered the client does not know whether the broker takes selectors. */
    private static PullResult pullWhenKnown(DefaultMQPullConsumer consumer, MessageQueue queue, MessageSelector selector, long offset)
        throws Exception {
        long end = System.currentTimeMillis() + PATIENCE_MS;
        while (true) {
            try {
                return consumer.pull(queue, selector, offset, 32);
            } catch (MQClientException e) {
                if (e.getResponseCode() != -1 || System.currentTimeMillis() > end) {
                    throw e;
                }
                Thread.sleep(50);
            }
        }
    }

    private static Object pullAll(DefaultMQPullConsumer consumer, MessageSelector selector) throws Exception {
        List<String> got = new ArrayList<>();
        for (MessageQueue queue : consumer.fetchSubscribeMessageQueues(topic)) {
            long offset = 0;
            while (true) {
                PullResult result = pullWhenKnown(consumer, queue, selector, offset);
                if (result.getPullStatus() == PullStatus.FOUND) {
                    for (MessageExt message : result.getMsgFoundList()) {
                        got.add(new String(message.getBody(), StandardCharsets.UTF_8));
                    }
                } else if (result.getPullStatus() != PullStatus.NO_MATCHED_MSG) {
                    break;
                }
                offset = result.getNextBeginOffset();
            }
        }
        Collections.sort(got);
        return got;
    }
}
